package org.raftbroker.server.peer;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.raftbroker.message.BrokerException;
import org.raftbroker.proto.BroadcastResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.peer.ForwardRequest;
import org.raftbroker.proto.peer.ForwardResponse;
import org.raftbroker.proto.peer.PeerGrpc;
import org.raftbroker.raft.ForwardedSubmissions;
import org.raftbroker.server.transport.AliasingMarshaller;
import org.raftbroker.server.transport.EventLoops;

/**
 * What other nodes call. On event loops; never blocks. Who may call is decided in front of it, by
 * {@link ClusterSecret}.
 */
public final class PeerService {
  private final ForwardedSubmissions submissions;
  private final PeerBroadcast broadcast;
  private final EventLoops loops;
  private final Set<ForwardCall> forwarding = ConcurrentHashMap.newKeySet();

  public PeerService(ForwardedSubmissions submissions, PeerBroadcast broadcast, EventLoops loops) {
    this.submissions = submissions;
    this.broadcast = broadcast;
    this.loops = loops;
  }

  /** The service without its gate. */
  public ServerServiceDefinition definition() {
    // Bodies go from here into the log: they share the received bytes instead of being copied.
    MethodDescriptor<ForwardRequest, ForwardResponse> forward =
        PeerGrpc.getForwardMethod().toBuilder(
                new AliasingMarshaller<>(ForwardRequest.getDefaultInstance()),
                PeerGrpc.getForwardMethod().getResponseMarshaller())
            .build();
    ServiceDescriptor generated = PeerGrpc.getServiceDescriptor();
    ServiceDescriptor descriptor =
        ServiceDescriptor.newBuilder(generated.getName())
            .setSchemaDescriptor(generated.getSchemaDescriptor())
            .addMethod(forward)
            .addMethod(PeerGrpc.getDeliverBroadcastMethod())
            .build();
    ServerCallHandler<ForwardRequest, ForwardResponse> streams = this::startForwarding;
    return ServerServiceDefinition.builder(descriptor)
        .addMethod(forward, streams)
        .addMethod(PeerGrpc.getDeliverBroadcastMethod(), ServerCalls.asyncUnaryCall(this::deliver))
        .build();
  }

  private ServerCall.Listener<ForwardRequest> startForwarding(
      ServerCall<ForwardRequest, ForwardResponse> call, Metadata headers) {
    ForwardCall started = new ForwardCall(call, loops.current(), submissions, forwarding::remove);
    forwarding.add(started);
    started.start();
    return started;
  }

  /** Ends every stream of forwarded submissions once it is answered: this node is stopping. */
  public void endForwarding() {
    Status stopping = Status.UNAVAILABLE.withDescription("this node is stopping");
    forwarding.forEach(call -> call.end(stopping));
  }

  private void deliver(PublishRequest hop, StreamObserver<BroadcastResponse> response) {
    try {
      response.onNext(
          BroadcastResponse.newBuilder()
              .setAck(true)
              .setReached(broadcast.deliverHere(hop))
              .build());
      response.onCompleted();
    } catch (BrokerException refusal) {
      response.onError(
          Status.INVALID_ARGUMENT.withDescription(refusal.getMessage()).asRuntimeException());
    }
  }
}
