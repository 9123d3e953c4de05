package org.raftbroker.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;

/** A node n9 that asks the replicas n1, n2 and n3. */
final class OtherReplicasTest {
  private static final int SHARD = 7;
  private static final long PATIENCE_MILLIS = 300;

  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final List<String> asked = Collections.synchronizedList(new ArrayList<>());
  private final Map<String, RuntimeException> failureByMember = new HashMap<>();
  private volatile List<String> placed = List.of("n1", "n9", "n2", "n3");
  private final OtherReplicas replicas =
      new OtherReplicas(SHARD, "n9", shard -> placed, this::way, timer, PATIENCE_MILLIS);

  @AfterEach
  void stop() {
    timer.shutdownNow();
  }

  @Test
  void whoAnsweredLastIsAskedFirst() {
    failureByMember.put("n1", new IllegalStateException("gone"));

    assertThat(ask()).isEqualTo("n2");
    assertThat(ask()).isEqualTo("n2");
    assertThat(asked).containsExactly("n1", "n2", "n2");
  }

  @Test
  void refusalForAReasonOfTheQuestionIsTheAnswer() {
    failureByMember.put("n1", new BrokerException(Reason.ID_RESERVED, "5 was reserved"));

    assertThatThrownBy(this::ask)
        .cause()
        .isInstanceOf(BrokerException.class)
        .hasMessage("5 was reserved");
    assertThat(asked).containsExactly("n1");
  }

  @Test
  void replicaThatDoesNotServeIsPassedOver() {
    failureByMember.put("n1", new BrokerException(Reason.SHARD_STOPPED, "damaged"));
    failureByMember.put("n2", new BrokerException(Reason.NO_QUORUM, "no leader"));

    assertThat(ask()).isEqualTo("n3");
  }

  @Test
  void goesRoundAgainBecauseReplicasComeBack() {
    placed = List.of("n9");
    var unused = timer.schedule(() -> placed = List.of("n4"), 100, TimeUnit.MILLISECONDS);

    assertThat(ask()).isEqualTo("n4");
  }

  @Test
  void givesUpInTimeAndSaysWhomItAsked() {
    for (String id : List.of("n1", "n2", "n3")) {
      failureByMember.put(id, new IllegalStateException("gone"));
    }

    assertThatThrownBy(this::ask)
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(
            BrokerException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NO_QUORUM))
        .hasMessageContaining("no replica of shard 7 answered within 300 ms")
        .hasMessageContaining("gone");
    assertThat(asked).hasSizeGreaterThan(3).hasSizeLessThan(60);
  }

  @Test
  void thereAreNoneIfOnlyThisNodeHasOne() {
    assertThat(replicas.exist()).isTrue();
    placed = List.of("n9");
    assertThat(replicas.exist()).isFalse();
  }

  /** Who answered. */
  private String ask() {
    List<String> answered = new ArrayList<>();
    return replicas
        .ask(
            reads ->
                reads
                    .readBarrier()
                    .thenApply(
                        done -> {
                          answered.add(asked.get(asked.size() - 1));
                          return answered.get(0);
                        }))
        .join();
  }

  private ReplicaReads way(String member, int shard) {
    assertThat(shard).isEqualTo(SHARD);
    asked.add(member);
    RuntimeException failure = failureByMember.get(member);
    return new BarrierOnly(
        failure == null
            ? CompletableFuture.completedFuture(null)
            : CompletableFuture.failedFuture(failure));
  }
}
