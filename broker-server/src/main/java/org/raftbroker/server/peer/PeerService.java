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
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.proto.BroadcastResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.peer.Answer;
import org.raftbroker.proto.peer.FollowRequest;
import org.raftbroker.proto.peer.FollowResponse;
import org.raftbroker.proto.peer.ForwardRequest;
import org.raftbroker.proto.peer.ForwardResponse;
import org.raftbroker.proto.peer.InterestFrame;
import org.raftbroker.proto.peer.InterestTaken;
import org.raftbroker.proto.peer.PeerGrpc;
import org.raftbroker.proto.peer.Question;
import org.raftbroker.raft.ForwardedSubmissions;
import org.raftbroker.raft.ReplicaReads;
import org.raftbroker.raft.Shard;
import org.raftbroker.raft.Shards;
import org.raftbroker.server.delivery.Delivery;
import org.raftbroker.server.transport.AliasingMarshaller;
import org.raftbroker.server.transport.EventLoops;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What other nodes call. On event loops; never blocks. Who may call is decided in front of it, by
 * {@link ClusterSecret}.
 */
public final class PeerService {
  private static final Logger log = LoggerFactory.getLogger(PeerService.class);

  private final ForwardedSubmissions submissions;
  private final ReplicaAnswers answers;
  private final Shards shards;
  private final Delivery delivery;
  private final InterestTable interests;
  private final PeerBroadcast broadcast;
  private final EventLoops loops;
  private final Set<ForwardCall> forwarding = ConcurrentHashMap.newKeySet();
  private final Set<InterestCall> listening = ConcurrentHashMap.newKeySet();

  // Set once, before the streams that are there are ended.
  private volatile @Nullable Status ending;

  /**
   * @param replicas this node's own, by shard; one that is not there refuses to answer
   */
  public PeerService(
      ForwardedSubmissions submissions,
      List<? extends ReplicaReads> replicas,
      Shards shards,
      Delivery delivery,
      InterestTable interests,
      PeerBroadcast broadcast,
      EventLoops loops) {
    this.submissions = submissions;
    this.answers = new ReplicaAnswers(replicas);
    this.shards = shards;
    this.delivery = delivery;
    this.interests = interests;
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
            .addMethod(PeerGrpc.getAskMethod())
            .addMethod(PeerGrpc.getFollowMethod())
            .addMethod(PeerGrpc.getTellInterestsMethod())
            .addMethod(PeerGrpc.getDeliverBroadcastMethod())
            .build();
    ServerCallHandler<InterestFrame, InterestTaken> interested = this::startListening;
    ServerCallHandler<FollowRequest, FollowResponse> followers = this::startFollowing;
    ServerCallHandler<ForwardRequest, ForwardResponse> streams = this::startForwarding;
    return ServerServiceDefinition.builder(descriptor)
        .addMethod(forward, streams)
        .addMethod(PeerGrpc.getAskMethod(), ServerCalls.asyncUnaryCall(this::ask))
        .addMethod(PeerGrpc.getFollowMethod(), followers)
        .addMethod(PeerGrpc.getTellInterestsMethod(), interested)
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

  private ServerCall.Listener<FollowRequest> startFollowing(
      ServerCall<FollowRequest, FollowResponse> call, Metadata headers) {
    FollowCall started = new FollowCall(call, loops.current(), this::shard, delivery);
    started.start();
    return started;
  }

  private ServerCall.Listener<InterestFrame> startListening(
      ServerCall<InterestFrame, InterestTaken> call, Metadata headers) {
    InterestCall started = new InterestCall(call, loops.current(), interests, listening::remove);
    listening.add(started);
    started.start();
    // After it was added: either endStreams has seen it there, or it sees here that all is ending.
    Status end = ending;
    if (end != null) {
      started.end(end);
    }
    return started;
  }

  private @Nullable Shard shard(int number) {
    return number >= 0 && number < shards.all().size() ? shards.all().get(number) : null;
  }

  private void ask(Question question, StreamObserver<Answer> response) {
    var unused =
        answers
            .answer(question)
            .whenComplete(
                (answer, failure) -> {
                  if (failure == null) {
                    response.onNext(answer);
                    response.onCompleted();
                  } else {
                    log.atError().setCause(failure).log("a peer's question failed unexpectedly");
                    response.onError(
                        Status.INTERNAL
                            .withDescription("internal error; the log of this node has the cause")
                            .asRuntimeException());
                  }
                });
  }

  /**
   * Ends every stream of a peer, those of forwarded submissions once they are answered: this node
   * is stopping. Streams that follow subjects end with their subscriptions.
   */
  public void endStreams() {
    Status stopping = Status.UNAVAILABLE.withDescription("this node is stopping");
    ending = stopping;
    forwarding.forEach(call -> call.end(stopping));
    listening.forEach(call -> call.end(stopping));
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
