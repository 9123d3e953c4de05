package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.cluster.NodeClient;
import org.raftbroker.systemtests.history.History;
import org.raftbroker.systemtests.history.HistoryChecker;
import org.raftbroker.systemtests.history.SubscriberRecord;
import org.raftbroker.systemtests.history.SubscriberRecord.Begin;
import org.raftbroker.systemtests.history.Verdict;
import org.raftbroker.systemtests.load.FinalRead;
import org.raftbroker.systemtests.load.Subscriber;

/** A subscriber that hardly reads costs its node nothing, and misses nothing. */
@Tag("system")
@SharedCluster.Usual
class SlowReaderTest {
  private static final int MESSAGES = 100_000;
  private static final int BODY_BYTES = 256;
  private static final int WARM_UPS = 3;
  private static final int ALLOWED_GROWTH_BYTES = 50 << 20;
  private static final int SMALL_WINDOW_BYTES = 64 << 10;
  private static final Duration BOUND = Duration.ofMinutes(2);

  /** System property: how long it reads one message a second; a minute in the full form. */
  private static final Duration SLOW_PHASE =
      Duration.ofSeconds(Integer.getInteger("raftbroker.slowReaderSeconds", 15));

  @Test
  void slowReaderGetsEverythingAndItsNodeDoesNotGrow(LocalCluster cluster, TestReporter reporter)
      throws InterruptedException {
    // What the messages themselves cost a node (heap, caches, write buffers) is spent before.
    for (int i = 1; i <= WARM_UPS; i++) {
      PublishBurst.publish(cluster.client(2), "slow-reader.before" + i, MESSAGES, BODY_BYTES);
    }
    String subject = "slow-reader.orders";
    History history = new History(cluster.clients().stream().map(NodeClient::node).toList());
    ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
    try (NodeClient client = cluster.clientWithSmallWindow(1, SMALL_WINDOW_BYTES)) {
      SubscriberRecord record = history.subscriber("slow", subject, new Begin.New());
      Duration second = Duration.ofSeconds(1);
      try (Subscriber slow = Subscriber.staying(client, second, record, history, timer)) {
        slow.start();
        Awaitility.await("the subscription is in place").atMost(BOUND).until(slow::isInPlace);
        long before = cluster.node(1).residentBytes();
        long slowUntil = System.nanoTime() + SLOW_PHASE.toNanos();

        List<ByteString> bodies =
            PublishBurst.publish(cluster.client(2), subject, MESSAGES, BODY_BYTES, history);
        Awaitility.await("the slow phase is over")
            .atMost(BOUND)
            .until(() -> System.nanoTime() - slowUntil >= 0);
        long after = cluster.node(1).residentBytes();

        int readSlowly = record.size();
        assertThat(readSlowly).isBetween(1, (int) SLOW_PHASE.toSeconds() * 4);
        slow.speedUp();
        assertThat(slow.awaitId(bodies.size(), BOUND)).as("got all of %d", MESSAGES).isTrue();
        record.owedAll();
        for (NodeClient node : cluster.clients()) {
          FinalRead.read(node, subject, MESSAGES, BOUND, history);
        }
        Verdict verdict = HistoryChecker.check(history);
        reporter.publishEntry(
            "outcome",
            String.format(
                "%s; resident memory %d MiB before and %d MiB after, %d messages read slowly",
                verdict, before >> 20, after >> 20, readSlowly));
        assertThat(verdict.findings()).as("%s", verdict).isEmpty();
        assertThat(after - before).as("growth in bytes").isLessThan(ALLOWED_GROWTH_BYTES);
      }
    } finally {
      timer.shutdownNow();
    }
  }
}
