package org.raftbroker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@code brokerctl cluster} shows of wanted placements and of replicas on the move. */
class ClusterMapTest {
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
  void aClusterAtRestHasNothingToSay() {
    Ctl run = ctl("cluster");

    assertThat(run.lines().get(0)).isEqualTo("cluster local: 5 members, 2 shards, no problems");
    assertThat(run.lines().get(1)).isEmpty();
    assertThat(run.lines())
        .anyMatch(line -> line.matches("MEMBER +GRPC +HTTP +MEMBERSHIP +STATE .*"))
        .anyMatch(line -> line.matches("n1 .* http:1 +active +up .*"))
        // It is not to have a replica, so it need not be ready to serve one.
        .anyMatch(line -> line.matches("n5 .* active +not ready .*"));
  }

  @Test
  void showsWhatADrainDoesStepByStep() {
    nodes.cluster().place("n1", "n2", "n5");
    ctl("cluster", "drain", "n1", "--no-wait");

    assertThat(rebalance()).isEqualTo("rebalance: 2 shards to go");
    nodes.cluster().step();
    assertThat(rebalance())
        .isEqualTo("rebalance: shard 0 moves n1 -> n4 (not there yet); 1 shard to go");
    nodes.cluster().step();
    assertThat(rebalance())
        .isEqualTo("rebalance: shard 0 moves n1 -> n4 (42 entries behind); 1 shard to go");
    nodes.cluster().step();
    assertThat(rebalance()).isEqualTo("rebalance: shard 0 leaves n1; 1 shard to go");
    nodes.cluster().step();
    assertThat(rebalance()).isEqualTo("rebalance: 1 shard to go");
  }

  @Test
  void membersThatDrainAndReplicasThatMoveAreNoProblem() {
    ctl("cluster", "drain", "n1", "--no-wait");
    nodes.cluster().steps(2);

    Ctl run = ctl("cluster", "--check");

    assertThat(run.exitCode()).isZero();
    assertThat(run.lines())
        .anyMatch(line -> line.matches("n1 .* draining +up .*"))
        .anyMatch(line -> line.matches("0 +n4 +learner .*"));
  }

  @Test
  void saysThatTheRebalanceIsPaused() {
    ctl("cluster", "pause");
    ctl("cluster", "move", "0", "--from", "n1", "--to", "n5", "--no-wait");

    assertThat(rebalance()).isEqualTo("rebalance: shard 0 moves n1 -> n5 (not there yet); paused");
  }

  @Test
  void showsTheSameAsJson() {
    ctl("cluster", "drain", "n1", "--no-wait");
    nodes.cluster().steps(2);

    JsonObject json = json();

    assertThat(json.get("mapVersion").getAsLong()).isEqualTo(3);
    assertThat(json.get("replicas").getAsInt()).isEqualTo(MemoryCluster.REPLICAS);
    assertThat(json.get("rebalance").toString())
        .isEqualTo("{\"paused\":false,\"shardsMoving\":1,\"shardsToGo\":0}");
    JsonArray members = json.getAsJsonArray("members");
    assertThat(members.get(0).getAsJsonObject().get("membership").getAsString())
        .isEqualTo("draining");
    assertThat(members.get(1).getAsJsonObject().get("membership").getAsString())
        .isEqualTo("active");
    JsonObject moving = json.getAsJsonArray("shards").get(0).getAsJsonObject();
    assertThat(moving.get("wanted").toString()).isEqualTo("[\"n4\",\"n2\",\"n3\"]");
    assertThat(moving.get("arriving").toString()).isEqualTo("[{\"member\":\"n4\",\"lag\":42}]");
    assertThat(moving.get("leaving").toString()).isEqualTo("[\"n1\"]");
    JsonObject atRest = json.getAsJsonArray("shards").get(1).getAsJsonObject();
    assertThat(atRest.getAsJsonArray("arriving")).isEmpty();
    assertThat(atRest.getAsJsonArray("leaving")).isEmpty();
  }

  @Test
  void asksMembersThatOnlyTheMapHas() {
    nodes.cluster().hide("n4");

    Ctl run = ctl("cluster");

    assertThat(run.lines())
        .anyMatch(line -> line.matches("n4 +" + nodes.node("n4").address() + " +- +active +up .*"))
        .anyMatch(line -> line.matches("1 +n4 +follower .*"));
  }

  @Test
  void showsAMemberThatTheMapDoesNotHave() {
    ctl("cluster", "remove", "n5", "--yes", "--no-wait");
    nodes.cluster().step();

    Ctl run = Ctl.run(nodes.asking("n5", "cluster"));

    assertThat(run.lines()).anyMatch(line -> line.matches("n5 .* - +not ready .*"));
    assertThat(ctl("cluster").lines()).noneMatch(line -> line.startsWith("n5 "));
  }

  @Test
  void goesByTheNewestMapThatAMemberKnows() {
    nodes.cluster().cutOff("n1");
    Ctl.run(nodes.asking("n2", "cluster", "pause"));

    assertThat(rebalance()).isEqualTo("rebalance: paused");
  }

  @Test
  void aMajorityIsOneOfTheReplicasOfAShard() {
    nodes.stop("n3", "n4", "n5");

    assertThat(ctl("cluster").lines())
        .contains(
            "  shards 0, 1 lack their replicas at n3 while it is down",
            "  shard 1 lacks its replica at n4 while it is down",
            "  shard 1: members with 1 of its 3 replicas answer: no majority to commit")
        .anyMatch(line -> line.startsWith("  member n5 is down: "))
        .noneMatch(line -> line.startsWith("  shard 0: members"))
        .noneMatch(line -> line.contains("members answer"));
  }

  @Test
  void aDrainedMemberMayBeStopped() {
    ctl("cluster", "drain", "n1", "--no-wait");
    nodes.cluster().steps(4);
    nodes.stop("n1");

    Ctl run = Ctl.run(nodes.asking("n2", "cluster", "--check"));

    assertThat(run.exitCode()).isZero();
    assertThat(run.lines()).anyMatch(line -> line.matches("n1 .* draining +down .*"));
  }

  @Test
  void aRemovedMemberMayBeStoppedThoughItIsInConfigurations() {
    nodes.cluster().configure("n5");
    ctl("cluster", "remove", "n5", "--yes", "--no-wait");
    nodes.cluster().step();
    nodes.stop("n5");

    Ctl run = ctl("cluster", "--check");

    assertThat(run.exitCode()).isZero();
    assertThat(run.lines()).anyMatch(line -> line.matches("n5 .* - +down .*"));
  }

  @Test
  void aMissingReplicaIsAProblemUnlessItIsOnItsWay() {
    nodes.cluster().lose(0, "n3");

    assertThat(ctl("cluster").lines())
        .contains(
            "rebalance: shard 0 comes to n3 (not there yet)",
            "  shard 0 has no replica at n3, which is to have one, and nothing is moving");

    nodes.cluster().step();

    assertThat(ctl("cluster").lines())
        .contains("rebalance: shard 0 comes to n3 (42 entries behind)")
        .anyMatch(line -> line.endsWith("no problems"));
  }

  @Test
  void aShardWithoutAnyReplicaIsNotForgotten() {
    for (String id : new String[] {"n2", "n3", "n4"}) {
      nodes.cluster().lose(1, id);
    }

    assertThat(ctl("cluster").lines())
        .anyMatch(line -> line.startsWith("cluster local: 5 members, 2 shards, "))
        .contains("  shard 1 has no leader among the members that answered");
  }

  private String rebalance() {
    return ctl("cluster").lines().get(1);
  }

  private JsonObject json() {
    return JsonParser.parseString(ctl("cluster", "--output", "json").out()).getAsJsonObject();
  }

  private Ctl ctl(String... args) {
    return Ctl.run(nodes.asking("n1", args));
  }
}
