package org.raftbroker.server.peer;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.ConnectivityState;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.netty.channel.ChannelOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.raftbroker.proto.BroadcastResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.peer.Answer;
import org.raftbroker.proto.peer.FollowRequest;
import org.raftbroker.proto.peer.FollowResponse;
import org.raftbroker.proto.peer.InterestFrame;
import org.raftbroker.proto.peer.InterestTaken;
import org.raftbroker.proto.peer.PeerGrpc;
import org.raftbroker.proto.peer.Question;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.transport.EventLoops;
import org.raftbroker.storage.Outcome;

/**
 * The connection to one peer: opened by the first call, and again after a break by the next call. A
 * call never waits for a peer that cannot be reached; it fails. Any thread.
 */
final class PeerConnection {
  /** A run of messages and one more, each as large as they may be, and what is around them. */
  private static final int MAX_ANSWER_BYTES = 32 << 20;

  private final String peer;
  private final Address address;
  private final PeerConfig config;
  private final EventLoops loops;
  private final ManagedChannel channel;
  private final Channel calls;
  private final Map<Integer, ForwardStream> streamByShard = new ConcurrentHashMap<>();
  private final AtomicLong lastReconnectNanos = new AtomicLong(System.nanoTime());

  PeerConnection(Member peer, ClusterSecret secret, PeerConfig config, EventLoops loops) {
    this.peer = peer.id();
    this.address = peer.grpc();
    this.config = config;
    this.loops = loops;
    this.channel =
        loops
            .connect(NettyChannelBuilder.forAddress(peer.grpc().host(), peer.grpc().port()))
            .usePlaintext()
            .disableRetry()
            .maxInboundMessageSize(MAX_ANSWER_BYTES)
            .neverIndexMetadataKey(ClusterSecret.KEY)
            .withOption(
                ChannelOption.CONNECT_TIMEOUT_MILLIS,
                Math.toIntExact(config.connectTimeout().toMillis()))
            .keepAliveTime(config.keepAliveTime().toMillis(), TimeUnit.MILLISECONDS)
            .keepAliveTimeout(config.keepAliveTimeout().toMillis(), TimeUnit.MILLISECONDS)
            .build();
    this.calls =
        ClientInterceptors.intercept(
            channel, MetadataUtils.newAttachHeadersInterceptor(secret.metadata()));
  }

  /** Whether it goes where the member is now. */
  boolean leadsTo(Member member) {
    return address.equals(member.grpc());
  }

  CompletableFuture<List<Outcome>> forward(int shard, List<Submission> submissions) {
    ForwardStream stream = streamByShard.get(shard);
    if (stream == null || stream.hasEnded()) {
      stream =
          streamByShard.compute(
              shard, (key, now) -> now == null || now.hasEnded() ? open(shard) : now);
    }
    return stream.forward(submissions);
  }

  /** Takes a question about a shard to the peer; fails if it is not answered in time. */
  CompletableFuture<Answer> ask(Question question) {
    return ask(PeerGrpc.getAskMethod(), question, config.readTimeout());
  }

  /** A call that is not started yet, for what the peer sends about a shard's subjects. */
  ClientCall<FollowRequest, FollowResponse> follow() {
    connectAgain();
    return outsideOfTheCaller(() -> calls.newCall(PeerGrpc.getFollowMethod(), CallOptions.DEFAULT));
  }

  /** A call that is not started yet, for what this node has subscribers of. */
  ClientCall<InterestFrame, InterestTaken> tellInterests() {
    connectAgain();
    return outsideOfTheCaller(
        () -> calls.newCall(PeerGrpc.getTellInterestsMethod(), CallOptions.DEFAULT));
  }

  /**
   * Delivers to the subscriptions of the peer.
   *
   * @return how many were reached; fails if the peer did not answer in time
   */
  CompletableFuture<Integer> deliver(PublishRequest message) {
    return ask(PeerGrpc.getDeliverBroadcastMethod(), message, config.broadcastTimeout())
        .thenApply(BroadcastResponse::getReached);
  }

  /** One question, one answer; fails if there is none in time. */
  <Q, A> CompletableFuture<A> ask(MethodDescriptor<Q, A> method, Q question, Duration timeout) {
    connectAgain();
    return outsideOfTheCaller(
        () -> {
          CompletableFuture<A> answer = new CompletableFuture<>();
          ClientCalls.asyncUnaryCall(
              calls.newCall(
                  method,
                  CallOptions.DEFAULT.withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS)),
              question,
              new Answered<>(answer));
          return answer;
        });
  }

  void close() {
    streamByShard.values().forEach(stream -> stream.cancel("this node is stopping"));
    channel.shutdownNow();
  }

  private ForwardStream open(int shard) {
    connectAgain();
    return outsideOfTheCaller(
        () -> {
          ForwardStream stream =
              new ForwardStream(
                  peer,
                  shard,
                  calls.newCall(PeerGrpc.getForwardMethod(), CallOptions.DEFAULT),
                  loops.next(),
                  config.forwardTimeout());
          stream.start();
          return stream;
        });
  }

  /**
   * gRPC waits longer after each failed attempt, up to minutes: too long for a peer that restarts
   * within a second.
   */
  private void connectAgain() {
    if (channel.getState(false) != ConnectivityState.TRANSIENT_FAILURE) {
      return;
    }
    long last = lastReconnectNanos.get();
    long now = System.nanoTime();
    if (now - last >= config.reconnectInterval().toNanos()
        && lastReconnectNanos.compareAndSet(last, now)) {
      channel.resetConnectBackoff();
    }
  }

  /**
   * The caller may be inside a client's call, whose end would end ours with it: a gRPC call belongs
   * to the context that it is made in.
   */
  private static <T> T outsideOfTheCaller(Supplier<T> makesACall) {
    Context caller = Context.ROOT.attach();
    try {
      return makesACall.get();
    } finally {
      Context.ROOT.detach(caller);
    }
  }

  private record Answered<A>(CompletableFuture<A> future) implements StreamObserver<A> {
    @Override
    public void onNext(A answer) {
      future.complete(answer);
    }

    @Override
    public void onError(Throwable failure) {
      future.completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {
      future.completeExceptionally(new PeerException("the peer ended the call without an answer"));
    }
  }
}
