package org.raftbroker.server.grpc;

import java.util.concurrent.CompletableFuture;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.ChangeClusterRequest;
import org.raftbroker.proto.admin.ClusterDescription;
import org.raftbroker.proto.admin.DescribeClusterRequest;
import org.raftbroker.proto.admin.MoveReplica;
import org.raftbroker.proto.admin.ShardPlacement;
import org.raftbroker.raft.placement.ClusterChange;
import org.raftbroker.raft.placement.ClusterMap;
import org.raftbroker.raft.placement.ClusterMember;
import org.raftbroker.raft.placement.Rebalance;
import org.raftbroker.server.cluster.CurrentMap;
import org.raftbroker.server.cluster.MapEditor;

/** Members and placement, for operators. On event loops; never blocks. */
public final class ClusterAdmin {
  private final CurrentMap current;
  private final MapEditor editor;

  public ClusterAdmin(CurrentMap current, MapEditor editor) {
    this.current = current;
    this.editor = editor;
  }

  ServiceBinding bindTo(ServiceBinding admin) {
    return admin
        .unary(
            AdminGrpc.getDescribeClusterMethod(),
            DescribeClusterRequest.getDefaultInstance(),
            request -> CompletableFuture.completedFuture(description()))
        .unary(
            AdminGrpc.getChangeClusterMethod(),
            ChangeClusterRequest.getDefaultInstance(),
            this::change);
  }

  private CompletableFuture<ClusterDescription> change(ChangeClusterRequest request) {
    ClusterChange change = change(request.getChangeCase(), request);
    return editor.change(change::appliedTo).thenApply(changed -> description());
  }

  private static ClusterChange change(
      ChangeClusterRequest.ChangeCase kind, ChangeClusterRequest request) {
    return switch (kind) {
      case DRAIN -> new ClusterChange.Drain(request.getDrain());
      case ACTIVATE -> new ClusterChange.Activate(request.getActivate());
      case REMOVE -> new ClusterChange.Remove(request.getRemove());
      case MOVE -> move(request.getMove());
      case PAUSE -> new ClusterChange.Pause(request.getPause());
      case CHANGE_NOT_SET ->
          throw new BrokerException(
              Reason.MALFORMED_REQUEST,
              "no change is named: set one of drain, activate, remove, move, pause");
    };
  }

  private static ClusterChange move(MoveReplica move) {
    return new ClusterChange.Move(move.getShard(), move.getFromMemberId(), move.getToMemberId());
  }

  private ClusterDescription description() {
    CurrentMap.Versioned known = current.get();
    ClusterMap map = known.map();
    ClusterDescription.Builder description =
        ClusterDescription.newBuilder()
            .setVersion(known.version())
            .setReplicas(map.replicas())
            .setPaused(map.paused());
    for (ClusterMember member : map.members().values()) {
      description.addMembers(
          org.raftbroker.proto.admin.ClusterMember.newBuilder()
              .setId(member.id())
              .setGrpcAddress(member.grpc())
              .setState(state(member.state())));
    }
    for (int shard = 0; shard < map.placements().size(); shard++) {
      description.addShards(
          ShardPlacement.newBuilder().setShard(shard).addAllReplicas(map.placement(shard)));
    }
    if (!map.paused()) {
      description.addAllMisplaced(Rebalance.misplaced(map));
    }
    return description.build();
  }

  private static org.raftbroker.proto.admin.ClusterMember.State state(ClusterMember.State state) {
    return switch (state) {
      case ACTIVE -> org.raftbroker.proto.admin.ClusterMember.State.ACTIVE;
      case DRAINING -> org.raftbroker.proto.admin.ClusterMember.State.DRAINING;
      case LEAVING -> org.raftbroker.proto.admin.ClusterMember.State.LEAVING;
    };
  }
}
