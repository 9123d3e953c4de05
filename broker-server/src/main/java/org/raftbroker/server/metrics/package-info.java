/**
 * What a node counts and measures, as Prometheus reads it. Knows the observers that it implements
 * and the state that it shows; nothing of how it is served.
 */
@NullMarked
package org.raftbroker.server.metrics;

import org.jspecify.annotations.NullMarked;
