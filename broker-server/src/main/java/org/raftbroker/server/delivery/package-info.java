/**
 * Subscriptions: cursors that follow a subject at their reader's pace, and the tail of encoded
 * messages that they share. Knows shards and messages; no transport, which is behind {@link
 * org.raftbroker.server.delivery.Outbound}.
 */
@NullMarked
package org.raftbroker.server.delivery;

import org.jspecify.annotations.NullMarked;
