package org.raftbroker.systemtests.history;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * An acknowledged publish, told so that the nodes' logs can say why it took as long as it did.
 *
 * @param took from its first attempt to its acknowledgement
 * @param begunAt the first attempt, by the clock that the logs go by
 */
public record SlowPublish(Duration took, Instant begunAt, String subject, List<Attempt> attempts) {
  public SlowPublish {
    attempts = List.copyOf(attempts);
  }

  @Override
  public String toString() {
    return took.toMillis() + " ms on " + subject + " from " + begunAt + ": " + attempts;
  }
}
