/**
 * The provider {@code jgroups}: gossip within the broker's process. The only package that knows
 * JGroups, and nothing but membership is done with it: what is decided, Raft decides.
 */
@NullMarked
package org.raftbroker.server.membership.jgroups;

import org.jspecify.annotations.NullMarked;
