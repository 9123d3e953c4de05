package org.raftbroker.server.membership;

import java.util.List;

/** Which nodes the cluster has, as far as this node knows. Any thread. */
public interface Membership {
  /** This node. */
  Member self();

  /** All members, this node included, by rising id. */
  List<Member> members();
}
