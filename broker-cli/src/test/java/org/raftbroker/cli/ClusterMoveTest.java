package org.raftbroker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.raftbroker.proto.admin.ClusterMember.State;

/** The commands that say where replicas are to be. */
class ClusterMoveTest {
  private ClusterNodes nodes;

  @BeforeEach
  void start() throws IOException {
    nodes = new ClusterNodes();
  }

  @AfterEach
  void stop() {
    nodes.close();
  }

  @Test
  void drainTellsHowFarItIsUntilTheMemberIsEmpty() throws Exception {
    try (RunningCtl run = running("n1", "cluster", "drain", "n1")) {
      run.awaitErr("n1 has 1 replica; 1 shard to go\n");
      nodes.cluster().step();
      run.awaitErr("n1 has 1 replica; shard 0 moves n1 -> n4 (not there yet)\n");
      nodes.cluster().step();
      run.awaitErr("n1 has 1 replica; shard 0 moves n1 -> n4 (42 entries behind)\n");
      nodes.cluster().step();
      run.awaitErr("n1 has 1 replica; shard 0 leaves n1\n");
      nodes.cluster().step();

      Ctl done = run.await();

      assertThat(done.exitCode()).isZero();
      assertThat(done.out()).isEqualTo("n1 is drained: it has no replicas\n");
      assertThat(done.err().lines()).hasSize(4);
      assertThat(nodes.cluster().state("n1")).isEqualTo(State.DRAINING);
    }
  }

  @Test
  void drainNeedNotBeWaitedFor() {
    Ctl run = ctl("cluster", "drain", "n1", "--no-wait");

    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).isEqualTo("n1 is being drained\n");
    assertThat(run.err()).isEmpty();
    assertThat(ctl("cluster", "drain", "n1", "--no-wait", "--output", "json").out())
        .isEqualTo("{\"member\":\"n1\",\"membership\":\"draining\",\"done\":false}\n");
  }

  @Test
  void drainOfAnEmptyMemberIsDoneAtOnce() {
    assertThat(ctl("cluster", "drain", "n5", "--output", "json").out())
        .isEqualTo("{\"member\":\"n5\",\"membership\":\"draining\",\"done\":true}\n");
  }

  @Test
  void drainOfADeadMemberIsDoneWhenItIsReplaced() throws Exception {
    nodes.stop("n1");
    try (RunningCtl run = running("n2", "cluster", "drain", "n1")) {
      run.awaitErr("n1 does not answer, and not all shards have their replicas elsewhere yet");
      nodes.cluster().steps(3);

      assertThat(run.await().out()).isEqualTo("n1 is drained: it has no replicas\n");
    }
  }

  @Test
  void drainIsRepeatedUntilAServerTakesIt() {
    nodes.node("n1").refuseNext(1);

    assertThat(ctl("cluster", "drain", "n5").exitCode()).isZero();
  }

  @Test
  void ctrlCEndsOnlyTheWaiting() throws Exception {
    try (RunningCtl run = running("n1", "cluster", "drain", "n1")) {
      run.awaitErr("1 shard to go\n");

      Ctl interrupted = run.interrupt();

      assertThat(interrupted.exitCode()).isEqualTo(ExitCode.INTERRUPTED);
      assertThat(interrupted.err())
          .endsWith("it goes on without brokerctl; 'brokerctl cluster' shows how far it is\n");
      assertThat(interrupted.out()).isEmpty();
    }
  }

  @Test
  void aWaitThatTakesTooLongSaysWhatIsLeft() {
    Ctl run = ctl("cluster", "drain", "n1", "--wait-timeout", "0");

    assertThat(run.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(run.err())
        .endsWith(
            "error: DEADLINE_EXCEEDED STILL_MOVING not done within --wait-timeout: n1 has 1"
                + " replica; 1 shard to go (it goes on without brokerctl: see 'brokerctl cluster',"
                + " and --wait-timeout)\n");
  }

  @Test
  void theTimeoutOfACallIsNoneOfTheWaiting() throws Exception {
    try (RunningCtl run = running("n1", "cluster", "drain", "n1", "--timeout", "2s")) {
      // The looks that this takes are half a second apart.
      run.awaitErr("n1 has 1 replica; 1 shard to go\n");
      nodes.cluster().step();
      run.awaitErr("(not there yet)\n");
      nodes.cluster().step();
      run.awaitErr("(42 entries behind)\n");
      nodes.cluster().step();
      run.awaitErr("shard 0 leaves n1\n");
      nodes.cluster().step();

      assertThat(run.await().exitCode()).isZero();
    }
  }

  @Test
  void drainEndsWhenSomebodyActivatesTheMemberAgain() throws Exception {
    try (RunningCtl run = running("n1", "cluster", "drain", "n1")) {
      run.awaitErr("1 shard to go\n");

      assertThat(ctl("cluster", "activate", "n1").out())
          .isEqualTo("n1 is active: it may have replicas\n");

      Ctl ended = run.await();
      assertThat(ended.exitCode()).isEqualTo(ExitCode.REFUSED);
      assertThat(ended.err())
          .contains(
              "MOVE_CHANGED somebody else has activated \"n1\" again (see 'brokerctl cluster')");
    }
  }

  @Test
  void drainWhilePausedSaysThatNothingMoves() {
    assertThat(ctl("cluster", "pause").out()).isEqualTo("the rebalance is paused\n");

    Ctl run = ctl("cluster", "drain", "n1", "--no-wait");

    assertThat(run.err())
        .isEqualTo(
            "the rebalance is paused: nothing moves away before 'brokerctl cluster resume'\n");
    assertThat(ctl("cluster", "resume", "--output", "json").out())
        .isEqualTo("{\"paused\":false}\n");
    assertThat(ctl("cluster").lines()).contains("rebalance: 1 shard to go");
  }

  @Test
  void removeAsksForTheMembersNameAndWaitsUntilItIsNone() throws Exception {
    try (RunningCtl run = running("n2", "cluster", "remove", "n1", "--yes")) {
      run.awaitErr("n1 has 1 replica; 1 shard to go\n");
      nodes.cluster().steps(4);
      run.awaitErr("n1 has no replicas and is still a member\n");
      nodes.cluster().step();

      assertThat(run.await().out())
          .isEqualTo("n1 is no member any more: its process can be stopped now\n");
    }

    Ctl refused = Ctl.atTerminal("n3\n", nodes.asking("n2", "cluster", "remove", "n2"));

    assertThat(refused.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(refused.err())
        .startsWith(
            "this takes n2 out of the cluster, and 2 replicas away from it; replicas will be on n3,"
                + " n4, n5\ntype the member's name to confirm: ")
        .contains("that is not the name \"n2\"; nothing was removed");
    assertThat(nodes.cluster().state("n2")).isEqualTo(State.ACTIVE);
  }

  @Test
  void removeWarnsOfShardsWithFewerReplicas() {
    for (String id : new String[] {"n4", "n5"}) {
      ctl("cluster", "drain", id, "--no-wait");
    }

    Ctl run = Ctl.atTerminal("n3\n", nodes.asking("n1", "cluster", "remove", "n3", "--no-wait"));

    assertThat(run.exitCode()).isZero();
    assertThat(run.err())
        .contains(
            "replicas will be on n1, n2, so that shards have 2 of the 3 that they are to have");
    assertThat(run.out())
        .isEqualTo("n3 is being removed: let its process run until it is no member any more\n");
  }

  @Test
  void removeInAScriptNeedsYes() {
    Ctl run = ctl("cluster", "remove", "n5");

    assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("add --yes");
    assertThat(nodes.cluster().state("n5")).isEqualTo(State.ACTIVE);
  }

  @Test
  void removeOfAnUnknownMemberIsRefused() {
    Ctl asked = Ctl.atTerminal("n9\n", nodes.asking("n1", "cluster", "remove", "n9"));
    Ctl unasked = ctl("cluster", "remove", "n9", "--yes");

    assertThat(asked.exitCode()).isEqualTo(ExitCode.NOT_FOUND);
    assertThat(asked.err())
        .isEqualTo(
            "error: NOT_FOUND MEMBER_UNKNOWN \"n9\" is no member of this cluster; it has n1, n2, n3,"
                + " n4, n5\n");
    assertThat(unasked.exitCode()).isEqualTo(ExitCode.NOT_FOUND);
    assertThat(unasked.err()).contains("NOT_FOUND MEMBER_UNKNOWN \"n9\" is no member");
  }

  @Test
  void removeGoesOnAtOtherServersWhenTheMemberStops() throws Exception {
    try (RunningCtl run = running("n1", "cluster", "remove", "n1", "--yes")) {
      run.awaitErr("1 shard to go\n");
      nodes.cluster().steps(3);
      nodes.stop("n1");
      run.awaitErr("n1 does not answer and is still a member");
      nodes.cluster().steps(2);

      assertThat(run.await().exitCode()).isZero();
    }
  }

  @Test
  void removeDoesNotBelieveTheOldMapOfTheMemberThatLeft() throws Exception {
    try (RunningCtl run = running("n1", "cluster", "remove", "n1", "--yes", "--output", "json")) {
      run.awaitErr("1 shard to go\n");
      nodes.cluster().cutOff("n1");
      nodes.cluster().steps(5);

      assertThat(run.await().out())
          .isEqualTo("{\"member\":\"n1\",\"membership\":null,\"done\":true}\n");
    }
  }

  @Test
  void removeThatWasDoneBeforeItsAnswerWasLostIsDone() {
    nodes.node("n1").loseNextChange(nodes.cluster()::step);

    Ctl run = ctl("cluster", "remove", "n5", "--yes");

    assertThat(run.exitCode()).isZero();
    assertThat(nodes.cluster().isMember("n5")).isFalse();
  }

  @Test
  void moveWaitsUntilTheReplicaIsThere() throws Exception {
    try (RunningCtl run = running("n1", "cluster", "move", "0", "--from", "n1", "--to", "n5")) {
      run.awaitErr("shard 0 does not vote at n5 yet; shard 0 moves n1 -> n5 (not there yet)\n");
      nodes.cluster().steps(2);
      run.awaitErr("shard 0 is still at n1; shard 0 leaves n1\n");
      nodes.cluster().step();

      assertThat(run.await().out()).isEqualTo("shard 0 has moved n1 -> n5\n");
    }
  }

  @Test
  void moveIsNotRepeatedWhenItMayHaveHappened() {
    nodes.node("n1").loseNextChange(() -> {});

    Ctl run = ctl("cluster", "move", "0", "--from", "n1", "--to", "n5");

    assertThat(run.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(run.err()).contains("CONNECTION_LOST").contains("it may or may not have happened");
  }

  @Test
  void moveIsRefusedInTheWordsOfTheServer() {
    Ctl refused = ctl("cluster", "move", "0", "--from", "n4", "--to", "n5");
    Ctl unknown = ctl("cluster", "move", "7", "--from", "n1", "--to", "n5");

    assertThat(refused.exitCode()).isEqualTo(ExitCode.REFUSED);
    assertThat(refused.err())
        .isEqualTo("error: FAILED_PRECONDITION MOVE_REFUSED shard 0 is on [n1, n2, n3]\n");
    assertThat(unknown.exitCode()).isEqualTo(ExitCode.REFUSED);
    assertThat(unknown.err()).startsWith("error: INVALID_ARGUMENT SHARD_INVALID ");
  }

  @Test
  void moveEndsWhenSomebodyWantsTheReplicaElsewhere() throws Exception {
    try (RunningCtl run = running("n1", "cluster", "move", "0", "--from", "n1", "--to", "n5")) {
      run.awaitErr("(not there yet)\n");
      ctl("cluster", "move", "0", "--from", "n5", "--to", "n4", "--no-wait");

      Ctl ended = run.await();

      assertThat(ended.exitCode()).isEqualTo(ExitCode.REFUSED);
      assertThat(ended.err())
          .contains("MOVE_CHANGED somebody else has changed where shard 0 is to be: on n4, n2, n3");
    }
  }

  @Test
  void serversWithoutAMapAreNamedAsTheCause() throws IOException {
    try (MemoryBroker old = new MemoryBroker(new MemoryStore())) {
      Ctl run = Ctl.run("--server", old.address(), "cluster", "drain", "n1");

      assertThat(run.exitCode()).isEqualTo(ExitCode.REFUSED);
      assertThat(run.err())
          .startsWith("error: UNIMPLEMENTED SERVER_TOO_OLD ")
          .contains("upgrade the nodes");
    }
  }

  private Ctl ctl(String... args) {
    return Ctl.run(nodes.asking("n1", args));
  }

  private RunningCtl running(String server, String... args) {
    return RunningCtl.start(nodes.asking(server, args));
  }
}
