package org.raftbroker.cli;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.raftbroker.cli.ClusterView.MemberView;
import org.raftbroker.cli.ClusterView.Placed;
import org.raftbroker.proto.admin.ClusterDescription;
import org.raftbroker.proto.admin.ClusterMember;
import org.raftbroker.proto.admin.NodeDescription;
import org.raftbroker.proto.admin.Replica;

/** Shows a cluster to people and to scripts. */
final class ClusterReport {
  private static final String UNKNOWN = "-";

  private ClusterReport() {}

  static List<String> text(ClusterView view, List<String> problems) {
    List<String> lines = new ArrayList<>();
    int shards = view.replicasByShard().size();
    lines.add(
        "cluster "
            + view.cluster()
            + ": "
            + Quantity.count(view.members().size(), "member")
            + ", "
            + Quantity.count(shards, "shard")
            + ", "
            + (problems.isEmpty() ? "no problems" : Quantity.count(problems.size(), "problem")));
    String rebalance = RebalanceProgress.of(view).text();
    if (!rebalance.isEmpty()) {
      lines.add("rebalance: " + rebalance);
    }
    lines.add("");
    lines.addAll(members(view).take());
    lines.add("");
    lines.addAll(shards(view).take());
    if (!problems.isEmpty()) {
      lines.add("");
      lines.add("problems:");
      problems.forEach(problem -> lines.add("  " + problem));
    }
    return lines;
  }

  static String json(ClusterView view, List<String> problems) {
    return Json.line(json -> write(json, view, problems));
  }

  private static TextTable members(ClusterView view) {
    TextTable table =
        new TextTable(
            "MEMBER",
            "GRPC",
            "HTTP",
            "MEMBERSHIP",
            "STATE",
            "VERSION",
            "UP FOR",
            "LEADS",
            "FOLLOWS",
            "LEARNS",
            "SUBSCRIPTIONS");
    for (MemberView member : view.members()) {
      NodeDescription node = member.description();
      if (node == null) {
        table.row(
            member.member().getId(),
            member.member().getGrpcAddress(),
            orUnknown(member.member().getHttpAddress()),
            membership(view, member),
            member.left() ? "left" : "down",
            UNKNOWN,
            UNKNOWN,
            UNKNOWN,
            UNKNOWN,
            UNKNOWN,
            UNKNOWN);
        continue;
      }
      table.row(
          member.member().getId(),
          member.member().getGrpcAddress(),
          orUnknown(member.member().getHttpAddress()),
          membership(view, member),
          member.left() ? "left" : node.getReady() ? "up" : "not ready",
          node.getVersion(),
          upFor(node.getStartedAtMillis()),
          view.count(member, Replica.Role.LEADER),
          view.count(member, Replica.Role.FOLLOWER),
          view.count(member, Replica.Role.LEARNER),
          node.getSubscriptions());
    }
    return table;
  }

  /** Of a member that only the map has its HTTP address is not known. */
  private static String orUnknown(String address) {
    return address.isEmpty() ? UNKNOWN : address;
  }

  private static String membership(ClusterView view, MemberView member) {
    return view.membership(member.member().getId()).map(ClusterReport::lowerCase).orElse(UNKNOWN);
  }

  private static TextTable shards(ClusterView view) {
    boolean archived = view.archived();
    List<String> header =
        new ArrayList<>(
            List.of(
                "SHARD",
                "MEMBER",
                "ROLE",
                "TERM",
                "COMMIT",
                "APPLIED",
                "LAG",
                "SNAPSHOT",
                "SUBJECTS",
                "STORE"));
    if (archived) {
      header.add("BACKLOG");
    }
    TextTable table = new TextTable(header.toArray(String[]::new));
    view.replicasByShard()
        .forEach(
            (shard, replicas) -> {
              for (Placed placed : replicas) {
                Replica replica = placed.replica();
                List<Object> row =
                    new ArrayList<>(
                        List.of(
                            shard,
                            placed.memberId(),
                            role(replica),
                            replica.getTerm(),
                            replica.getCommitIndex(),
                            replica.getAppliedIndex(),
                            ClusterView.lag(placed, replicas),
                            replica.getSnapshotIndex(),
                            replica.getSubjects(),
                            Quantity.size(replica.getStoreBytes())));
                if (archived) {
                  row.add(backlog(placed, replicas));
                }
                table.row(row.toArray());
              }
            });
    return table;
  }

  /** The backlog is the shard's, not the replica's: once, where the archiver works. */
  private static String backlog(Placed placed, List<Placed> replicas) {
    return ClusterView.leader(replicas)
        .filter(placed::equals)
        .map(Placed::replica)
        .map(
            leader ->
                Quantity.count(leader.getBacklogMessages(), "message")
                    + ", "
                    + Quantity.size(leader.getBacklogBytes()))
        .orElse(UNKNOWN);
  }

  private static void write(JsonWriter json, ClusterView view, List<String> problems)
      throws IOException {
    json.beginObject().name("cluster").value(view.cluster());
    json.name("members").beginArray();
    for (MemberView member : view.members()) {
      writeMember(json, view, member);
    }
    json.endArray().name("shards").beginArray();
    for (Map.Entry<Integer, List<Placed>> shard : view.replicasByShard().entrySet()) {
      writeShard(json, view, shard.getKey(), shard.getValue());
    }
    json.endArray();
    if (view.map() != null) {
      writeMap(json, view, view.map());
    }
    json.name("problems").beginArray();
    for (String problem : problems) {
      json.value(problem);
    }
    json.endArray().endObject();
  }

  private static void writeMember(JsonWriter json, ClusterView view, MemberView member)
      throws IOException {
    json.beginObject();
    json.name("id").value(member.member().getId());
    json.name("grpcAddress").value(member.member().getGrpcAddress());
    json.name("raftAddress").value(member.member().getRaftAddress());
    json.name("httpAddress").value(member.member().getHttpAddress());
    Optional<ClusterMember.State> membership = view.membership(member.member().getId());
    if (membership.isPresent()) {
      json.name("membership").value(lowerCase(membership.get()));
    }
    json.name("up").value(member.up());
    json.name("left").value(member.left());
    NodeDescription node = member.description();
    if (node == null) {
      json.name("problem").value(member.problem());
    } else {
      json.name("ready").value(node.getReady());
      json.name("version").value(node.getVersion());
      json.name("startedAtMillis").value(node.getStartedAtMillis());
      json.name("leads").value(view.count(member, Replica.Role.LEADER));
      json.name("follows").value(view.count(member, Replica.Role.FOLLOWER));
      json.name("learns").value(view.count(member, Replica.Role.LEARNER));
      json.name("subscriptions").value(node.getSubscriptions());
    }
    json.endObject();
  }

  private static void writeMap(JsonWriter json, ClusterView view, ClusterDescription map)
      throws IOException {
    json.name("mapVersion").value(map.getVersion());
    json.name("replicas").value(map.getReplicas());
    RebalanceProgress rebalance = RebalanceProgress.of(view);
    json.name("rebalance").beginObject();
    json.name("paused").value(rebalance.paused());
    json.name("shardsMoving").value(rebalance.moves().size());
    json.name("shardsToGo").value(rebalance.shardsToGo());
    json.endObject();
  }

  private static void writeShard(
      JsonWriter json, ClusterView view, int shard, List<Placed> replicas) throws IOException {
    json.beginObject().name("shard").value(shard);
    json.name("leader").value(ClusterView.leader(replicas).map(Placed::memberId).orElse(null));
    json.name("replicas").beginArray();
    for (Placed placed : replicas) {
      Replica replica = placed.replica();
      json.beginObject();
      json.name("member").value(placed.memberId());
      json.name("role").value(role(replica));
      json.name("term").value(replica.getTerm());
      json.name("commitIndex").value(replica.getCommitIndex());
      json.name("appliedIndex").value(replica.getAppliedIndex());
      json.name("lag").value(ClusterView.lag(placed, replicas));
      json.name("snapshotIndex").value(replica.getSnapshotIndex());
      json.name("subjects").value(replica.getSubjects());
      json.name("storeBytes").value(replica.getStoreBytes());
      json.name("backlogMessages").value(replica.getBacklogMessages());
      json.name("backlogBytes").value(replica.getBacklogBytes());
      json.name("archivedIndex").value(replica.getArchivedIndex());
      json.name("problem").value(replica.getProblem());
      json.endObject();
    }
    json.endArray();
    if (!view.wanted(shard).isEmpty()) {
      writeMove(json, view.wanted(shard), ShardMove.of(view, shard));
    }
    json.endObject();
  }

  private static void writeMove(JsonWriter json, List<String> wanted, ShardMove move)
      throws IOException {
    json.name("wanted").beginArray();
    for (String id : wanted) {
      json.value(id);
    }
    json.endArray().name("arriving").beginArray();
    for (ShardMove.Arrival arrival : move.arriving()) {
      json.beginObject().name("member").value(arrival.memberId());
      // No lag: nothing is there yet.
      if (arrival.behind() != null) {
        json.name("lag").value(arrival.behind());
      }
      json.endObject();
    }
    json.endArray().name("leaving").beginArray();
    for (String id : move.leaving()) {
      json.value(id);
    }
    json.endArray();
  }

  private static String role(Replica replica) {
    return lowerCase(replica.getRole());
  }

  private static String lowerCase(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static String upFor(long startedAtMillis) {
    Duration up = Duration.ofMillis(Math.max(0, System.currentTimeMillis() - startedAtMillis));
    if (up.toDays() > 0) {
      return up.toDays() + "d" + up.toHoursPart() + "h";
    }
    if (up.toHours() > 0) {
      return up.toHours() + "h" + up.toMinutesPart() + "m";
    }
    return up.toMinutes() > 0
        ? up.toMinutes() + "m" + up.toSecondsPart() + "s"
        : up.toSeconds() + "s";
  }
}
