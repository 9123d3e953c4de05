package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.TestReporter;
import org.raftbroker.systemtests.history.Verdict;
import org.raftbroker.systemtests.load.Load;

/** How every story under load has to end. */
final class Ending {
  private static final Duration STEP_BOUND = Duration.ofSeconds(90);

  private Ending() {}

  /**
   * Everything acknowledged is there, once, in order, on every node; and the report says how long
   * nothing was.
   */
  static void good(Load load, TestReporter reporter) throws InterruptedException {
    Verdict verdict = load.settle(STEP_BOUND);
    reporter.publishEntry(
        "outcome",
        verdict
            + ", "
            + load.retries()
            + " retries, longest stretch without a successful publish "
            + load.longestStretchWithoutAcknowledgement().toMillis()
            + " ms");
    assertThat(verdict.findings()).as("%s", verdict).isEmpty();
    assertThat(load.givenUp()).as("messages that no retry got through").isZero();
  }
}
