package org.raftbroker.raft;

/** The member that was asked does not lead the shard, and knows who does. */
public final class NotLeaderException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String leaderId;

  /**
   * @param leaderId the member that leads, as far as the one asked knows
   */
  public NotLeaderException(int shard, String leaderId) {
    // Expected at each election; who threw it is of no interest.
    super("shard " + shard + " is led by " + leaderId, null, false, false);
    this.leaderId = leaderId;
  }

  public String leaderId() {
    return leaderId;
  }
}
