package org.raftbroker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.raftbroker.proto.admin.Member;
import org.raftbroker.proto.admin.NodeDescription;
import org.raftbroker.proto.admin.Replica;
import org.raftbroker.proto.admin.Replica.Role;

class ClusterCommandTest {
  private final List<MemoryBroker> nodes = new ArrayList<>();

  @BeforeEach
  void start() throws IOException {
    MemoryStore store = new MemoryStore();
    for (int i = 0; i < 3; i++) {
      nodes.add(new MemoryBroker(store));
    }
    describe(0, true, replica(0, Role.LEADER, 100), replica(1, Role.FOLLOWER, 7));
    describe(1, true, replica(0, Role.FOLLOWER, 98), replica(1, Role.LEADER, 7));
    describe(2, true, replica(0, Role.FOLLOWER, 100), replica(1, Role.FOLLOWER, 7));
  }

  @AfterEach
  void stop() {
    for (MemoryBroker node : nodes) {
      node.close();
    }
  }

  @Test
  void showsMembersShardsAndLag() {
    Ctl run = ctl("cluster");

    assertThat(run.exitCode()).isZero();
    assertThat(run.lines().get(0)).isEqualTo("cluster local: 3 members, 2 shards, no problems");
    assertThat(run.lines())
        .anyMatch(line -> line.matches("n1 +" + nodes.get(0).address() + " .* up +1\\.0 .*"))
        .anyMatch(line -> line.matches("0 +n1 +leader +3 +100 +100 +0 .*"))
        .anyMatch(line -> line.matches("0 +n2 +follower +3 +98 +98 +2 .*"));
  }

  @Test
  void oneThatLeftIsNoProblemAndNotWaitedFor() {
    nodes.get(2).close();
    for (int i = 0; i < 2; i++) {
      NodeDescription.Builder seen = description(i, true);
      seen.getMembersBuilder(2).setState(Member.State.LEFT);
      nodes.get(i).describedAs(seen.build());
    }

    Ctl run = ctl("cluster");

    assertThat(run.lines()).anyMatch(line -> line.matches("n3 .* left +- .*"));
    assertThat(run.out()).doesNotContain("n3 is down").doesNotContain("disagree");
  }

  @Test
  void showsTheSameAsJson() {
    JsonObject json =
        JsonParser.parseString(ctl("cluster", "--output", "json").out()).getAsJsonObject();

    assertThat(json.get("cluster").getAsString()).isEqualTo("local");
    JsonObject member = json.getAsJsonArray("members").get(1).getAsJsonObject();
    assertThat(member.get("id").getAsString()).isEqualTo("n2");
    assertThat(member.get("up").getAsBoolean()).isTrue();
    assertThat(member.get("leads").getAsInt()).isEqualTo(1);
    JsonObject shard = json.getAsJsonArray("shards").get(0).getAsJsonObject();
    assertThat(shard.get("leader").getAsString()).isEqualTo("n1");
    JsonObject replica = shard.getAsJsonArray("replicas").get(1).getAsJsonObject();
    assertThat(replica.get("member").getAsString()).isEqualTo("n2");
    assertThat(replica.get("lag").getAsLong()).isEqualTo(2);
    assertThat(json.getAsJsonArray("problems")).isEmpty();
  }

  @Test
  void showsWhatIsNotArchivedYetWhereTheShardIsLed() {
    describe(
        0,
        true,
        backlog(replica(0, Role.LEADER, 100), 1234, 5_872_026),
        backlog(replica(1, Role.FOLLOWER, 7), 3, 300));
    describe(
        1,
        true,
        backlog(replica(0, Role.FOLLOWER, 98), 1200, 5_800_000),
        backlog(replica(1, Role.LEADER, 7), 1, 100));

    Ctl run = ctl("cluster");

    assertThat(run.lines())
        .anyMatch(line -> line.matches("SHARD .* STORE +BACKLOG"))
        .anyMatch(line -> line.matches("0 +n1 +leader .* 0 B +1234 messages, 5\\.6 MiB"))
        .anyMatch(line -> line.matches("0 +n2 +follower .* 0 B +-"))
        .anyMatch(line -> line.matches("1 +n2 +leader .* 0 B +1 message, 100 B"));
  }

  @Test
  void showsAnEmptyBacklogOnceSomethingWasArchived() {
    describe(
        1,
        true,
        replica(0, Role.FOLLOWER, 98),
        replica(1, Role.LEADER, 7).toBuilder().setArchivedIndex(0).build());

    assertThat(ctl("cluster").out()).contains("BACKLOG").contains("0 messages, 0 B");
  }

  @Test
  void showsNoBacklogWithoutAnArchive() {
    assertThat(ctl("cluster").out()).contains("STORE\n").doesNotContain("BACKLOG");
  }

  @Test
  void showsTheBacklogOfEveryReplicaAsJson() {
    describe(
        1,
        true,
        backlog(replica(0, Role.FOLLOWER, 98), 1200, 5_800_000),
        replica(1, Role.LEADER, 7));

    JsonArray replicas =
        JsonParser.parseString(ctl("cluster", "--output", "json").out())
            .getAsJsonObject()
            .getAsJsonArray("shards")
            .get(0)
            .getAsJsonObject()
            .getAsJsonArray("replicas");

    JsonObject with = replicas.get(1).getAsJsonObject();
    assertThat(with.get("backlogMessages").getAsLong()).isEqualTo(1200);
    assertThat(with.get("backlogBytes").getAsLong()).isEqualTo(5_800_000);
    assertThat(with.get("archivedIndex").getAsLong()).isEqualTo(41);
    assertThat(replicas.get(0).getAsJsonObject().get("archivedIndex").getAsLong()).isEqualTo(-1);
  }

  @Test
  void namesAMemberThatIsDown() {
    nodes.get(2).close();

    Ctl run = ctl("cluster", "--check");

    assertThat(run.exitCode()).isEqualTo(ExitCode.REFUSED);
    assertThat(run.out())
        .contains("problems:\n  member n3 is down: cannot connect to " + nodes.get(2).address())
        .doesNotContain("no majority");
    assertThat(ctl("cluster").exitCode()).isZero();
  }

  @Test
  void namesWhatIsWrongWithReplicas() {
    describe(0, false, replica(0, Role.CANDIDATE, 100), replica(1, Role.FOLLOWER, 7));
    describe(
        1,
        true,
        replica(0, Role.FOLLOWER, 100),
        replica(1, Role.LEADER, 7 + ClusterProblems.LARGE_LAG + 1));
    describe(
        2,
        true,
        replica(0, Role.FOLLOWER, 100),
        replica(1, Role.QUARANTINED, 7 + ClusterProblems.LARGE_LAG).toBuilder()
            .setProblem("checksum of log segment 3")
            .build());

    assertThat(ctl("cluster").lines())
        .contains(
            "  member n1 is not ready: starting, draining or without a replica",
            "  shard 0 has no leader among the members that answered",
            "  shard 1 at n1 is 10001 entries behind",
            "  shard 1 at n3 is quarantined: checksum of log segment 3");
  }

  @Test
  void anyServerOfTheListWillDo() {
    nodes.get(0).close();

    Ctl run = Ctl.run("--server", nodes.get(0).address() + "," + nodes.get(1).address(), "cluster");

    assertThat(run.lines().get(0)).isEqualTo("cluster local: 3 members, 2 shards, 2 problems");
  }

  @Test
  void transferAsksTheLeaderOfTheShard() {
    Ctl run = ctl("cluster", "transfer", "1", "--to", "n3");

    assertThat(run.out()).isEqualTo("n3\n");
    assertThat(nodes.get(1).transferredTo()).isEqualTo("n3");
    assertThat(nodes.get(0).transferredTo()).isEmpty();
    assertThat(ctl("cluster", "transfer", "1", "--to", "n1", "--output", "json").out())
        .isEqualTo("{\"shard\":1,\"leader\":\"n1\"}\n");
  }

  @Test
  void transferOfAnUnknownShardIsWrongUsage() {
    Ctl run = ctl("cluster", "transfer", "9");

    assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).isEqualTo("error: USAGE no shard 9; there are [0, 1]\n");
  }

  private Ctl ctl(String... args) {
    String[] all = new String[args.length + 2];
    all[0] = "--server";
    all[1] = nodes.get(0).address();
    System.arraycopy(args, 0, all, 2, args.length);
    return Ctl.run(all);
  }

  private void describe(int node, boolean ready, Replica... replicas) {
    nodes.get(node).describedAs(description(node, ready, replicas).build());
  }

  private NodeDescription.Builder description(int node, boolean ready, Replica... replicas) {
    NodeDescription.Builder description =
        NodeDescription.newBuilder()
            .setCluster("local")
            .setNodeId("n" + (node + 1))
            .setVersion("1.0")
            .setReady(ready)
            .addAllReplicas(List.of(replicas));
    for (int i = 0; i < nodes.size(); i++) {
      description.addMembers(
          Member.newBuilder().setId("n" + (i + 1)).setGrpcAddress(nodes.get(i).address()));
    }
    return description;
  }

  private static Replica backlog(Replica replica, long messages, long bytes) {
    return replica.toBuilder()
        .setBacklogMessages(messages)
        .setBacklogBytes(bytes)
        .setArchivedIndex(41)
        .build();
  }

  private static Replica replica(int shard, Role role, long applied) {
    return Replica.newBuilder()
        .setShard(shard)
        .setRole(role)
        .setTerm(3)
        .setCommitIndex(applied)
        .setAppliedIndex(applied)
        .setArchivedIndex(-1)
        .build();
  }
}
