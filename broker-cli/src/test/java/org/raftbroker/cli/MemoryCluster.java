package org.raftbroker.cli;

import io.grpc.Status;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.raftbroker.proto.admin.ChangeClusterRequest;
import org.raftbroker.proto.admin.ClusterDescription;
import org.raftbroker.proto.admin.ClusterMember;
import org.raftbroker.proto.admin.ClusterMember.State;
import org.raftbroker.proto.admin.Member;
import org.raftbroker.proto.admin.MoveReplica;
import org.raftbroker.proto.admin.NodeDescription;
import org.raftbroker.proto.admin.Replica;
import org.raftbroker.proto.admin.Replica.Role;
import org.raftbroker.proto.admin.ShardPlacement;

/**
 * A cluster map, and replicas that follow it when a test says so, one step at a time. Any thread.
 */
final class MemoryCluster {
  static final int REPLICAS = 3;
  static final long COMMITTED = 100;

  /** What a replica that learns has not applied yet. */
  static final long BEHIND = 42;

  private final SortedMap<String, String> addressById = new TreeMap<>();
  private final SortedMap<String, State> stateById = new TreeMap<>();
  private final List<List<String>> placements = new ArrayList<>();
  private final List<SortedMap<String, Role>> roleByMember = new ArrayList<>();
  private final Map<String, ClusterDescription> oldMapById = new HashMap<>();
  private final List<String> unseen = new ArrayList<>();
  private final List<String> configured = new ArrayList<>();
  private long version = 1;
  private boolean paused;

  synchronized void join(String id, MemoryBroker node) {
    addressById.put(id, node.address());
    stateById.put(id, State.ACTIVE);
    node.partOf(this, id);
  }

  /** Adds a shard with voting replicas; the first leads. */
  synchronized void place(String... ids) {
    placements.add(new ArrayList<>(List.of(ids)));
    SortedMap<String, Role> roles = new TreeMap<>();
    for (String id : ids) {
      roles.put(id, id.equals(ids[0]) ? Role.LEADER : Role.FOLLOWER);
    }
    roleByMember.add(roles);
  }

  /** The member is in the map, and no node lists it. */
  synchronized void hide(String id) {
    unseen.add(id);
  }

  /** Every node lists it, whether it is in the map or not. */
  synchronized void configure(String id) {
    configured.add(id);
  }

  /** Whatever happens from now on, this node does not hear of it. */
  synchronized void cutOff(String id) {
    oldMapById.put(id, describe(id));
  }

  /** A replica is gone, as from a disk that was lost. */
  synchronized void lose(int shard, String id) {
    roleByMember.get(shard).remove(id);
  }

  synchronized ClusterDescription change(String askedId, ChangeClusterRequest request) {
    switch (request.getChangeCase()) {
      case DRAIN -> become(request.getDrain(), State.DRAINING);
      case ACTIVATE -> become(request.getActivate(), State.ACTIVE);
      case REMOVE -> become(request.getRemove(), State.LEAVING);
      case MOVE -> move(request.getMove());
      case PAUSE -> paused = request.getPause();
      case CHANGE_NOT_SET -> throw new AssertionError("no change");
    }
    version++;
    return describe(askedId);
  }

  synchronized ClusterDescription describe(String askedId) {
    if (oldMapById.containsKey(askedId)) {
      return oldMapById.get(askedId);
    }
    ClusterDescription.Builder map =
        ClusterDescription.newBuilder().setVersion(version).setReplicas(REPLICAS).setPaused(paused);
    stateById.forEach(
        (id, state) ->
            map.addMembers(
                ClusterMember.newBuilder()
                    .setId(id)
                    .setGrpcAddress(addressById.get(id))
                    .setState(state)));
    for (int shard = 0; shard < placements.size(); shard++) {
      map.addShards(
          ShardPlacement.newBuilder().setShard(shard).addAllReplicas(placements.get(shard)));
      if (!paused && isMisplaced(shard)) {
        map.addMisplaced(shard);
      }
    }
    return map.build();
  }

  synchronized NodeDescription describeNode(String askedId) {
    NodeDescription.Builder node =
        NodeDescription.newBuilder().setCluster("local").setNodeId(askedId).setVersion("1.0");
    addressById.forEach(
        (id, address) -> {
          boolean known =
              stateById.containsKey(id) || configured.contains(id) || id.equals(askedId);
          if (known && !unseen.contains(id)) {
            node.addMembers(
                Member.newBuilder().setId(id).setGrpcAddress(address).setHttpAddress("http:1"));
          }
        });
    for (int shard = 0; shard < roleByMember.size(); shard++) {
      Role role = roleByMember.get(shard).get(askedId);
      if (role != null) {
        node.addReplicas(
            Replica.newBuilder()
                .setShard(shard)
                .setRole(role)
                .setTerm(3)
                .setCommitIndex(COMMITTED)
                .setAppliedIndex(role == Role.LEARNER ? COMMITTED - BEHIND : COMMITTED)
                .setArchivedIndex(-1));
      }
    }
    return node.setReady(node.getReplicasCount() > 0).build();
  }

  /** The next thing happens that has to. */
  synchronized void step() {
    for (int shard = 0; shard < placements.size(); shard++) {
      if (follow(shard)) {
        return;
      }
    }
    for (int shard = 0; shard < placements.size() && !paused; shard++) {
      if (isMisplaced(shard)) {
        placeElsewhere(placements.get(shard));
        version++;
        return;
      }
    }
    if (stateById
        .entrySet()
        .removeIf(
            member ->
                member.getValue() == State.LEAVING
                    && placements.stream().noneMatch(on -> on.contains(member.getKey())))) {
      version++;
      return;
    }
    throw new AssertionError("nothing is left to happen");
  }

  synchronized void steps(int count) {
    for (int i = 0; i < count; i++) {
      step();
    }
  }

  synchronized boolean isMember(String id) {
    return stateById.containsKey(id);
  }

  synchronized State state(String id) {
    return Objects.requireNonNull(stateById.get(id));
  }

  private boolean follow(int shard) {
    List<String> wanted = placements.get(shard);
    SortedMap<String, Role> roles = roleByMember.get(shard);
    for (String id : wanted) {
      if (!roles.containsKey(id)) {
        roles.put(id, Role.LEARNER);
        return true;
      }
      if (roles.get(id) == Role.LEARNER) {
        roles.put(id, Role.FOLLOWER);
        return true;
      }
    }
    boolean left = roles.keySet().removeIf(id -> !wanted.contains(id));
    if (left && !roles.containsValue(Role.LEADER)) {
      roles.put(wanted.get(0), Role.LEADER);
    }
    return left;
  }

  private void placeElsewhere(List<String> placement) {
    String target =
        stateById.keySet().stream()
            .filter(id -> stateById.get(id) == State.ACTIVE && !placement.contains(id))
            .findFirst()
            .orElseThrow();
    placement.replaceAll(id -> stateById.get(id) == State.ACTIVE ? id : target);
  }

  private boolean isMisplaced(int shard) {
    return placements.get(shard).stream().anyMatch(id -> stateById.get(id) != State.ACTIVE);
  }

  private void become(String id, State state) {
    if (!stateById.containsKey(id)) {
      throw new Refusal(
          Status.Code.NOT_FOUND,
          "MEMBER_UNKNOWN",
          "\"" + id + "\" is no member of this cluster; it has " + stateById.keySet());
    }
    stateById.put(id, state);
  }

  private void move(MoveReplica move) {
    if (move.getShard() >= placements.size()) {
      throw new Refusal(
          Status.Code.INVALID_ARGUMENT, "SHARD_INVALID", "shard is " + move.getShard());
    }
    List<String> placement = placements.get(move.getShard());
    if (!placement.contains(move.getFromMemberId()) || placement.contains(move.getToMemberId())) {
      throw new Refusal(
          Status.Code.FAILED_PRECONDITION,
          "MOVE_REFUSED",
          "shard " + move.getShard() + " is on " + placement);
    }
    placement.replaceAll(id -> id.equals(move.getFromMemberId()) ? move.getToMemberId() : id);
  }
}
