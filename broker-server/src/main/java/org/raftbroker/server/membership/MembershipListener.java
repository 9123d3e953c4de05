package org.raftbroker.server.membership;

/** Is told of members. */
public interface MembershipListener {
  /**
   * A member changed. Called on a thread of the provider, one change after the other, in the order
   * in which they happened; must not block and must not call back into the membership, except to
   * look at it. {@link Membership#members} already shows the change, and maybe later ones.
   */
  void onChange(MemberChange change);
}
