/**
 * What {@code system-tests/scale} does to a cluster and measures of it: many subjects, many
 * subscribers, and what nodes take of the machine. Knows clusters only through their public face;
 * of the machine, what Linux says of processes and connections.
 */
@NullMarked
package org.raftbroker.systemtests.scale;

import org.jspecify.annotations.NullMarked;
