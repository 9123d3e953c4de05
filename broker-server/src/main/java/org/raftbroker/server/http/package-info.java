/**
 * The HTTP port, for machines and people that watch a node: metrics, health, readiness. Knows what
 * it shows; nothing of messages.
 */
@NullMarked
package org.raftbroker.server.http;

import org.jspecify.annotations.NullMarked;
