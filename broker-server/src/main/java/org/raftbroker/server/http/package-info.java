/**
 * The HTTP port, for machines and people that watch a node: metrics, health, readiness. Knows what
 * it shows; nothing of messages. The console is a package of its own, behind {@link
 * org.raftbroker.server.http.Pages}.
 */
@NullMarked
package org.raftbroker.server.http;

import org.jspecify.annotations.NullMarked;
