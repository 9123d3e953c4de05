package org.raftbroker.server.grpc;

import io.grpc.ServerServiceDefinition;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.proto.BroadcastResponse;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.IncIdxRequest;
import org.raftbroker.proto.IncIdxResponse;
import org.raftbroker.proto.PublishBatchRequest;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.PublishResponse;
import org.raftbroker.proto.PublishStreamRequest;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.raft.Shard;
import org.raftbroker.raft.Shards;
import org.raftbroker.server.delivery.Delivery;
import org.raftbroker.server.peer.PeerBroadcast;
import org.raftbroker.server.transport.EventLoops;
import org.raftbroker.storage.Outcome;

/**
 * The public service. Each method translates, calls one thing and translates back, on the event
 * loop of the call's connection; nothing here blocks.
 */
public final class BrokerService {
  private final Shards shards;
  private final Delivery delivery;
  private final PeerBroadcast broadcast;
  private final LimitsConfig limits;
  private final EventLoops loops;
  private final RequestObserver observer;
  private final MessageTracer tracer;
  private final WireFormat wire;
  private final PublishStreams publishStreams;

  public BrokerService(
      Shards shards,
      Delivery delivery,
      PeerBroadcast broadcast,
      LimitsConfig limits,
      EventLoops loops,
      RequestObserver observer,
      MessageTracer tracer) {
    this.shards = shards;
    this.delivery = delivery;
    this.broadcast = broadcast;
    this.limits = limits;
    this.loops = loops;
    this.observer = observer;
    this.tracer = tracer;
    this.wire = new WireFormat(limits);
    this.publishStreams = new PublishStreams(shards, wire, limits, loops, observer, tracer);
  }

  /** Ends every publish stream once it is answered; each later one at once. */
  void endPublishStreams(BrokerException reason) {
    publishStreams.endAll(reason);
  }

  ServerServiceDefinition definition() {
    StreamLimit streams = new StreamLimit(limits.maxStreamsPerConnection(), observer);
    return new ServiceBinding(BrokerGrpc.getServiceDescriptor(), limits, loops, observer)
        .unary(
            BrokerGrpc.getPublishMethod(),
            PublishRequest.getDefaultInstance(),
            this::publish,
            (request, answer, nanos) -> observer.onPublished(1, request.getBody().size(), nanos))
        .encodedUnary(
            BrokerGrpc.getPublishBatchMethod(),
            PublishBatchRequest.getDefaultInstance(),
            this::publishBatch,
            (request, answer, nanos) -> answer.observe(observer, "PublishBatch"))
        .encoded(
            BrokerGrpc.getPublishStreamMethod(),
            PublishStreamRequest.getDefaultInstance(),
            streams.bound(publishStreams))
        .encoded(
            BrokerGrpc.getSubscribeMethod(),
            SubscribeRequest.getDefaultInstance(),
            streams.bound(new SubscribeHandler(delivery, false, limits, loops, observer, tracer)))
        .encoded(
            BrokerGrpc.getSubscribeBatchesMethod(),
            SubscribeRequest.getDefaultInstance(),
            streams.bound(new SubscribeHandler(delivery, true, limits, loops, observer, tracer)))
        .encodedUnary(
            BrokerGrpc.getFetchMethod(),
            FetchRequest.getDefaultInstance(),
            this::fetch,
            (request, answer, nanos) -> observer.onFetched(answer.size(), nanos))
        .unary(
            BrokerGrpc.getBroadcastMethod(), PublishRequest.getDefaultInstance(), this::broadcast)
        .unary(BrokerGrpc.getIncIdxMethod(), IncIdxRequest.getDefaultInstance(), this::reserve)
        .build();
  }

  private CompletableFuture<PublishResponse> publish(PublishRequest request) {
    long arrivedNanos = System.nanoTime();
    NewMessage message = wire.toNewMessage(request);
    Shard shard = shards.of(message.subject());
    WireFormat.checkBody(message, shard.settings(message.subject()));
    CompletableFuture<Outcome> outcome = shard.publish(List.of(message));
    if (tracer.follows(message)) {
      MessageTracer.Publish publish =
          new MessageTracer.Publish(
              shard.number(), List.of(message), arrivedNanos, System.nanoTime());
      outcome =
          outcome.whenComplete((answer, failure) -> tracer.onAnswered(publish, answer, failure));
    }
    return outcome.thenApply(answer -> published(message, answer));
  }

  private static PublishResponse published(NewMessage message, Outcome outcome) {
    if (outcome.isKeyReused(0)) {
      throw WireFormat.keyReused(message, outcome.id(0));
    }
    return PublishResponse.newBuilder().setId(outcome.id(0)).build();
  }

  private CompletableFuture<PublishResults> publishBatch(PublishBatchRequest request) {
    PublishFrame frame = PublishFrame.of(request.getMessagesList(), wire, shards, limits, tracer);
    CompletableFuture<PublishResults> answer = new CompletableFuture<>();
    frame.publish(() -> answer.complete(new PublishResults(List.of(frame))));
    return answer;
  }

  private CompletableFuture<Frame> fetch(FetchRequest request) {
    Subject subject = new Subject(request.getSubject());
    long id = WireFormat.id(request);
    Shard shard = shards.of(subject);
    // A message never changes, so one that is at hand needs no agreement with other nodes.
    StoredMessage message = shard.messageAtHand(subject, id);
    if (message != null && !message.isExpiredAt(System.currentTimeMillis())) {
      return CompletableFuture.completedFuture(new Frame(message.frame()));
    }
    return shard.fetch(subject, id).thenApply(stored -> new Frame(stored.frame()));
  }

  private CompletableFuture<BroadcastResponse> broadcast(PublishRequest request) {
    return broadcast
        .broadcast(wire.toNewMessage(request))
        .thenApply(
            reach ->
                BroadcastResponse.newBuilder()
                    .setAck(true)
                    .setReached(reach.subscriptions())
                    .setUnreachableNodes(reach.unreachableNodes())
                    .build());
  }

  private CompletableFuture<IncIdxResponse> reserve(IncIdxRequest request) {
    Subject subject = new Subject(request.getSubject());
    return shards
        .of(subject)
        .reserve(subject, WireFormat.count(request))
        .thenApply(lastId -> IncIdxResponse.newBuilder().setNewIdx(lastId).build());
  }
}
