package org.raftbroker.server.membership;

import java.io.IOException;
import java.util.List;

/**
 * Which nodes the cluster has, as far as this node knows. Any thread; looking at it never blocks.
 *
 * <p>It says who is there, not who belongs to the cluster: who votes is in the Raft log. A member
 * that is down stays one; only {@link Presence#LEFT} says that it will not come back.
 */
public interface Membership extends AutoCloseable {
  /** This node. */
  Member self();

  /**
   * All members that are known, this node included and up, by rising id. Those that are listed in
   * the configuration are here from the beginning and for ever; others from when they are seen
   * until they have been gone for {@code membership.forgetAfter}.
   */
  List<MemberView> members();

  /** Tells of every change from now on. */
  void watch(MembershipListener listener);

  /**
   * Begins to look for the others, and lets them find this node. Called once.
   *
   * @throws IOException if a port cannot be bound, naming it
   */
  void start() throws IOException;

  /**
   * Leaves the cluster for good: the others call this node {@link Presence#LEFT}. Blocks until they
   * know, for a few seconds at most. Only {@link #close} may follow.
   */
  void leave();

  /**
   * Stops. The others are told, so that they need not wait until they miss this node: they call it
   * {@link Presence#STOPPED}. Blocks for a few seconds at most; also right if it never started.
   */
  @Override
  void close();
}
