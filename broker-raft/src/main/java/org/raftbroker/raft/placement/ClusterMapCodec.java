package org.raftbroker.raft.placement;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.raftbroker.proto.cluster.ShardPlacement;

/** The cluster map as bytes. Any thread. */
public final class ClusterMapCodec {
  private ClusterMapCodec() {}

  public static ByteString encode(ClusterMap map) {
    return toProto(map).toByteString();
  }

  /**
   * Undoes {@link #encode}.
   *
   * @throws IllegalStateException if it was not done
   */
  public static ClusterMap decode(ByteString bytes) {
    try {
      return fromProto(org.raftbroker.proto.cluster.ClusterMap.parseFrom(bytes));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("the cluster map cannot be understood", e);
    }
  }

  public static org.raftbroker.proto.cluster.ClusterMap toProto(ClusterMap map) {
    var proto =
        org.raftbroker.proto.cluster.ClusterMap.newBuilder()
            .setReplicas(map.replicas())
            .setPaused(map.paused());
    for (ClusterMember member : map.members().values()) {
      proto.addMembers(
          org.raftbroker.proto.cluster.ClusterMember.newBuilder()
              .setId(member.id())
              .setGrpcAddress(member.grpc())
              .setRaftAddress(member.raft())
              .setHttpAddress(member.http())
              .setDisk(member.disk())
              .setState(toProto(member.state())));
    }
    for (List<String> placement : map.placements()) {
      proto.addShards(ShardPlacement.newBuilder().addAllReplicas(placement));
    }
    return proto.build();
  }

  public static ClusterMap fromProto(org.raftbroker.proto.cluster.ClusterMap proto) {
    SortedMap<String, ClusterMember> members = new TreeMap<>();
    for (var member : proto.getMembersList()) {
      members.put(
          member.getId(),
          new ClusterMember(
              member.getId(),
              member.getGrpcAddress(),
              member.getRaftAddress(),
              member.getHttpAddress(),
              member.getDisk(),
              fromProto(member.getState())));
    }
    List<List<String>> placements = new ArrayList<>();
    for (ShardPlacement shard : proto.getShardsList()) {
      placements.add(List.copyOf(shard.getReplicasList()));
    }
    return new ClusterMap(proto.getReplicas(), proto.getPaused(), members, placements);
  }

  private static org.raftbroker.proto.cluster.ClusterMember.State toProto(
      ClusterMember.State state) {
    return switch (state) {
      case ACTIVE -> org.raftbroker.proto.cluster.ClusterMember.State.ACTIVE;
      case DRAINING -> org.raftbroker.proto.cluster.ClusterMember.State.DRAINING;
      case LEAVING -> org.raftbroker.proto.cluster.ClusterMember.State.LEAVING;
    };
  }

  private static ClusterMember.State fromProto(
      org.raftbroker.proto.cluster.ClusterMember.State state) {
    return switch (state) {
      case ACTIVE -> ClusterMember.State.ACTIVE;
      case DRAINING -> ClusterMember.State.DRAINING;
      case LEAVING -> ClusterMember.State.LEAVING;
      case UNRECOGNIZED ->
          throw new IllegalStateException(
              "a newer version wrote the cluster map; start this node with that version");
    };
  }
}
