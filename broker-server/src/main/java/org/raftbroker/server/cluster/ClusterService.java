package org.raftbroker.server.cluster;

import io.grpc.ServerServiceDefinition;
import io.grpc.stub.StreamObserver;
import java.util.SortedMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.raftbroker.proto.cluster.AwaitMapRequest;
import org.raftbroker.proto.cluster.ClusterGrpc;
import org.raftbroker.proto.cluster.FoundRequest;
import org.raftbroker.proto.cluster.FoundResponse;
import org.raftbroker.proto.cluster.MapVersion;
import org.raftbroker.raft.placement.ClusterMapCodec;

/**
 * What other nodes ask about the cluster. On event loops; never blocks. Who may ask is decided in
 * front of it.
 */
public final class ClusterService extends ClusterGrpc.ClusterImplBase {
  private final String selfId;
  private final String disk;
  private final String terms;
  private final BooleanSupplier founded;
  private final Supplier<SortedMap<String, String>> diskByFounder;
  private final CurrentMap current;

  /**
   * @param terms what founders must agree on
   * @param founded whether this node may have voted
   */
  public ClusterService(
      String selfId,
      String disk,
      String terms,
      BooleanSupplier founded,
      Supplier<SortedMap<String, String>> diskByFounder,
      CurrentMap current) {
    this.selfId = selfId;
    this.disk = disk;
    this.terms = terms;
    this.founded = founded;
    this.diskByFounder = diskByFounder;
    this.current = current;
  }

  /** The service without its gate. */
  public ServerServiceDefinition definition() {
    return bindService();
  }

  @Override
  public void found(FoundRequest request, StreamObserver<FoundResponse> response) {
    response.onNext(
        FoundResponse.newBuilder()
            .setMemberId(selfId)
            .setDisk(disk)
            .setTerms(terms)
            .setFounded(founded.getAsBoolean())
            .putAllFounders(diskByFounder.get())
            .build());
    response.onCompleted();
  }

  @Override
  public void awaitMap(AwaitMapRequest request, StreamObserver<MapVersion> response) {
    var unused =
        current
            .newerThan(request.getAfterVersion(), MapFollower.PATIENCE_MILLIS)
            .thenAccept(
                known -> {
                  response.onNext(answer(known, request.getAfterVersion()));
                  response.onCompleted();
                });
  }

  private static MapVersion answer(CurrentMap.Versioned known, long afterVersion) {
    MapVersion.Builder answer = MapVersion.newBuilder().setVersion(known.version());
    // Most answers say that there is no news, every few seconds to every node without a replica of
    // the shard that keeps the map; the map would grow with the cluster each time.
    if (known.version() > afterVersion) {
      answer.setMap(ClusterMapCodec.toProto(known.map()));
    }
    return answer.build();
  }
}
