package org.raftbroker.systemtests.load;

import io.grpc.Status;
import java.time.Duration;
import org.raftbroker.systemtests.history.Attempt;

/** What a publisher does about a failed attempt, as the contract advises clients. */
final class Retry {
  /** How long one call may take; longer than an election, so that most outlive one. */
  static final Duration CALL_DEADLINE = Duration.ofSeconds(4);

  /**
   * How long a message is tried before its publisher gives up on it: longer than a whole cluster
   * takes to start on a busy machine.
   */
  static final Duration GIVE_UP_AFTER = Duration.ofMinutes(2);

  /** Between attempts, so that a cluster without a leader is not stormed. */
  static final Duration PAUSE = Duration.ofMillis(30);

  private Retry() {}

  /** Records the end of an attempt and says whether another one makes sense. */
  static boolean recordAndAskForMore(Attempt attempt, Status status, long atNanos) {
    switch (status.getCode()) {
      case UNAVAILABLE, DEADLINE_EXCEEDED -> {
        attempt.unknown(status.getCode().name(), atNanos);
        return true;
      }
      case RESOURCE_EXHAUSTED -> {
        attempt.refused(status.getCode().name(), atNanos);
        return true;
      }
      default -> {
        // The checker makes a finding of it: nothing that these clients do or suffer accounts for
        // any other status.
        attempt.unknown(status.getCode() + " " + status.getDescription(), atNanos);
        return false;
      }
    }
  }
}
