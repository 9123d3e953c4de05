package org.raftbroker.server;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;
import org.raftbroker.raft.ApplyListener;
import org.raftbroker.raft.ReplicatedShard;
import org.raftbroker.raft.placement.ClusterMap;
import org.raftbroker.raft.placement.ClusterMember;
import org.raftbroker.raft.placement.Placement;
import org.raftbroker.raft.ratis.DataDirectory;
import org.raftbroker.raft.ratis.RatisNode;
import org.raftbroker.server.cluster.ClusterService;
import org.raftbroker.server.cluster.CurrentMap;
import org.raftbroker.server.cluster.Entrance;
import org.raftbroker.server.cluster.MapEditor;
import org.raftbroker.server.cluster.MapFollower;
import org.raftbroker.server.cluster.PlacementDriver;
import org.raftbroker.server.config.NodeConfig;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.Membership;
import org.raftbroker.server.peer.PeerConnections;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's part in the cluster, put together: it follows the cluster map and has its replicas
 * follow it, gets itself into the map, and places the replicas of all while it leads the shard that
 * keeps the map. {@link #start} and {@link #close} are for the thread that owns the node; the rest
 * is for any.
 */
final class Participation implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Participation.class);

  private final NodeConfig config;
  private final CurrentMap map;
  private final RatisNode ratis;
  private final MapEditor editor;
  private final MapFollower follower;
  private final Entrance entrance;
  private final PlacementDriver placement;
  private final ClusterService service;

  // Only touched on threads that bring maps, one at a time.
  private int warnedOfReplicas;

  /**
   * @param map as {@link #firstMap} until another one is known
   * @param listener of the replicas that this node is given
   */
  Participation(
      NodeConfig config,
      DataDirectory data,
      CurrentMap map,
      RatisNode ratis,
      PeerConnections peers,
      Membership membership,
      ApplyListener listener) {
    this.config = config;
    this.map = map;
    this.ratis = ratis;
    map.watch(ratis::follow);
    map.watch(this::compareWithConfiguration);
    ReplicatedShard keeper = ratis.replicatedShards().get(CurrentMap.SHARD);
    editor = new MapEditor(map, keeper);
    follower = new MapFollower(map, () -> keeper.reader().clusterMap(), peers);
    placement = new PlacementDriver(config.placement(), map, editor, groups(keeper), membership);
    entrance =
        new Entrance(
            disk(listener),
            clusterMember(config.self(), data.disk()),
            terms(),
            firstMembers(),
            peers,
            map,
            editor);
    service =
        new ClusterService(
            config.self().id(),
            data.disk(),
            terms(),
            () -> !ratis.isUndecided(),
            ratis::founders,
            map);
  }

  /** What a new cluster begins with. */
  static ClusterMap firstMap(NodeConfig config) {
    ClusterMap empty =
        ClusterMap.of(
            config.cluster().replicas(),
            config.cluster().shards(),
            config.cluster().members().stream().map(m -> clusterMember(m, "")).toList());
    return empty.withPlacements(Placement.of(empty));
  }

  private static ClusterMember clusterMember(Member member, String disk) {
    return new ClusterMember(
        member.id(),
        member.grpc().toString(),
        member.raft().toString(),
        member.http().toString(),
        disk,
        ClusterMember.State.ACTIVE);
  }

  private void compareWithConfiguration(ClusterMap known) {
    if (known.replicas() != config.cluster().replicas() && known.replicas() != warnedOfReplicas) {
      warnedOfReplicas = known.replicas();
      log.atWarn()
          .addKeyValue("configured", config.cluster().replicas())
          .addKeyValue("inEffect", known.replicas())
          .log("cluster.replicas is what the cluster was founded with, whatever a node says later");
    }
  }

  /** What the first members of a cluster must agree on. */
  private String terms() {
    return "cluster "
        + config.cluster().name()
        + ", "
        + config.cluster().shards()
        + " shards, "
        + config.cluster().replicas()
        + " replicas, members "
        + String.join(",", firstMembers());
  }

  private List<String> firstMembers() {
    return config.cluster().members().stream().map(Member::id).sorted().toList();
  }

  private PlacementDriver.Groups groups(ReplicatedShard keeper) {
    return new PlacementDriver.Groups() {
      @Override
      public boolean leadsTheMap() {
        return keeper.leads();
      }

      @Override
      public @Nullable Set<String> settledVoters(int shard) {
        return ratis.settledVoters(shard);
      }
    };
  }

  private Entrance.Disk disk(ApplyListener listener) {
    return new Entrance.Disk() {
      @Override
      public boolean isUndecided() {
        return ratis.isUndecided();
      }

      @Override
      public boolean isEmpty() {
        return ratis.isEmpty();
      }

      @Override
      public void found(SortedMap<String, String> diskByFounder) throws IOException {
        ratis.found(diskByFounder, map.map().placements(), listener);
      }

      @Override
      public void join() throws IOException {
        ratis.join();
      }
    };
  }

  void start() {
    follower.start();
    entrance.start();
    placement.start();
  }

  /** The way to change the cluster map. */
  MapEditor editor() {
    return editor;
  }

  /** What other nodes ask of this part. */
  ClusterService service() {
    return service;
  }

  /** What keeps this node out of the cluster, for people; null: nothing. */
  @Nullable String waitsFor() {
    return entrance.waitsFor();
  }

  /** Whether this node was a member, and the others have taken it out of the cluster. */
  boolean wasRemoved() {
    return entrance.wasRemoved();
  }

  @Override
  public void close() {
    placement.close();
    entrance.close();
    follower.close();
  }
}
