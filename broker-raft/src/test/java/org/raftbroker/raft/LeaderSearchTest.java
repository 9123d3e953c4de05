package org.raftbroker.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.Outcome;

/** A node without a replica of shard 7, which n1, n2 and n3 have. */
final class LeaderSearchTest {
  private static final int SHARD = 7;

  private final Map<String, RuntimeException> refusalByMember = new HashMap<>();
  private final List<String> asked = new ArrayList<>();
  private List<String> replicas = List.of("n1", "n2", "n3");
  private boolean serves;
  private long nowNanos = 1;
  private final OwnLog own = new OwnLog();
  private final LeaderSearch search =
      new LeaderSearch(
          SHARD, "n4", own, () -> serves, shard -> replicas, this::forward, () -> nowNanos);

  @Test
  void whoTookTheLastSubmissionLeads() {
    send("n2");

    assertThat(search.leaderId()).isEqualTo("n2");
    assertThat(search.knownLeader()).isEqualTo("n2");
    assertThat(search.leaderlessMillis()).isZero();
  }

  @Test
  void whoDoesNotLeadNamesTheLeader() {
    refusalByMember.put("n1", new NotLeaderException(SHARD, "n3"));

    send(search.leaderId());

    assertThat(search.leaderId()).isEqualTo("n3");
    assertThat(search.leaderlessMillis()).isZero();
  }

  @Test
  void replicasAreAskedOneAfterTheOtherWhereNobodyIsNamed() {
    refuseAll();

    for (int i = 0; i < 6; i++) {
      send(search.leaderId());
    }

    assertThat(asked.subList(0, 3)).containsExactly("n1", "n2", "n3");
    assertThat(asked.subList(3, 6)).containsExactlyInAnyOrder("n1", "n2", "n3");
  }

  @Test
  void deadLeaderIsNotAskedAgainBecauseAnOldFollowerStillNamesIt() {
    send("n3");
    refusalByMember.put("n3", gone());
    refusalByMember.put("n1", new NotLeaderException(SHARD, "n3"));

    send(search.leaderId());
    send(search.leaderId());

    assertThat(search.leaderId()).isEqualTo("n2");
  }

  @Test
  void nobodyLeadsOnceAllHaveDeniedAndNotBefore() {
    refuseAll();

    send("n1");
    passMillis(10_000);
    assertThat(search.leaderlessMillis()).isZero();
    send("n2");
    send("n3");
    passMillis(100);
    assertThat(search.leaderlessMillis()).isEqualTo(100);
  }

  /** An hour-old failure must not make the next one look like an hour without a leader. */
  @Test
  void oldDenialsDoNotMakeTheTimeWithoutALeaderLonger() {
    refusalByMember.put("n1", gone());
    send("n1");
    passMillis(3_600_000);
    refuseAll();
    send("n2");
    send("n3");

    assertThat(search.leaderlessMillis()).isZero();
  }

  @Test
  void whileNobodyLeadsAllAreAskedNowAndThenAndTheOneThatTakesItEndsTheSearch() {
    refuseAll();
    replicas.forEach(this::send);
    asked.clear();
    passMillis(1_000);

    assertThat(search.leaderlessMillis()).isEqualTo(1_000);
    assertThat(search.leaderlessMillis()).isEqualTo(1_000);
    assertThat(asked).containsExactly("n1", "n2", "n3");
    refusalByMember.remove("n2");
    passMillis(1_000);
    assertThat(search.leaderlessMillis()).isEqualTo(2_000);
    assertThat(search.leaderlessMillis()).isZero();
    assertThat(search.leaderId()).isEqualTo("n2");
  }

  @Test
  void ownReplicaKnowsWhileItServes() {
    send("n2");
    serves = true;
    own.leader = null;

    assertThat(search.leaderId()).isNull();
    assertThat(search.leaderlessMillis()).isEqualTo(OwnLog.LEADERLESS_MILLIS);
  }

  @Test
  void withoutOtherReplicasTheOwnOneIsAllThereIs() {
    replicas = List.of("n4");
    own.problem = "damaged";

    assertThat(search.leaderId()).isNull();
    assertThat(search.problem()).isEqualTo("damaged");
    assertThat(search.leaderlessMillis()).isEqualTo(OwnLog.LEADERLESS_MILLIS);
  }

  @Test
  void ownProblemIsNoneOfThePublisherWhereOthersServe() {
    own.problem = "damaged";

    assertThat(search.problem()).isNull();
  }

  private void refuseAll() {
    replicas.forEach(id -> refusalByMember.put(id, gone()));
  }

  private static RuntimeException gone() {
    return new IllegalStateException("gone");
  }

  private void send(@Nullable String member) {
    var unused = search.forward(String.valueOf(member), SHARD, List.of());
  }

  private void passMillis(long millis) {
    nowNanos += TimeUnit.MILLISECONDS.toNanos(millis);
  }

  private CompletableFuture<List<Outcome>> forward(
      String member, int shard, List<Submission> submissions) {
    assertThat(shard).isEqualTo(SHARD);
    asked.add(member);
    RuntimeException refusal = refusalByMember.get(member);
    return refusal == null
        ? CompletableFuture.completedFuture(List.of())
        : CompletableFuture.failedFuture(refusal);
  }

  private static final class OwnLog implements ReplicatedLog {
    static final long LEADERLESS_MILLIS = 77;

    @Nullable String leader;
    @Nullable String problem;

    @Override
    public CompletableFuture<List<Outcome>> append(List<Submission> submissions) {
      return CompletableFuture.failedFuture(new IOException("no replica"));
    }

    @Override
    public boolean leads() {
      return false;
    }

    @Override
    public @Nullable String leaderId() {
      return leader;
    }

    @Override
    public long leaderlessMillis() {
      return LEADERLESS_MILLIS;
    }

    @Override
    public CompletableFuture<Void> readBarrier() {
      return CompletableFuture.failedFuture(new IOException("no replica"));
    }

    @Override
    public @Nullable String problem() {
      return problem;
    }
  }
}
