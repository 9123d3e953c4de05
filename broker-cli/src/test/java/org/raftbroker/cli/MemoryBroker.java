package org.raftbroker.cli;

import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.BroadcastResponse;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.IncIdxRequest;
import org.raftbroker.proto.IncIdxResponse;
import org.raftbroker.proto.MessageBatch;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.Progress;
import org.raftbroker.proto.PublishBatchRequest;
import org.raftbroker.proto.PublishBatchResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.PublishResponse;
import org.raftbroker.proto.PublishResult;
import org.raftbroker.proto.PublishStreamRequest;
import org.raftbroker.proto.PublishStreamResponse;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.ChangeClusterRequest;
import org.raftbroker.proto.admin.ClusterDescription;
import org.raftbroker.proto.admin.CreateSubjectRequest;
import org.raftbroker.proto.admin.DeleteSubjectRequest;
import org.raftbroker.proto.admin.DeleteSubjectResponse;
import org.raftbroker.proto.admin.DescribeClusterRequest;
import org.raftbroker.proto.admin.DescribeNodeRequest;
import org.raftbroker.proto.admin.DescribeSubjectRequest;
import org.raftbroker.proto.admin.ListSubjectsRequest;
import org.raftbroker.proto.admin.ListSubjectsResponse;
import org.raftbroker.proto.admin.NodeDescription;
import org.raftbroker.proto.admin.PurgeSubjectRequest;
import org.raftbroker.proto.admin.PurgeSubjectResponse;
import org.raftbroker.proto.admin.SubjectDescription;
import org.raftbroker.proto.admin.TransferLeadershipRequest;
import org.raftbroker.proto.admin.TransferLeadershipResponse;
import org.raftbroker.proto.admin.UpdateSubjectRequest;

/** A node of a broker without Raft, on a port of its own, that can be made to fail. */
final class MemoryBroker implements AutoCloseable {
  private final MemoryStore store;
  private final Server server;
  private final String address;
  private final List<StreamObserver<?>> openStreams = new CopyOnWriteArrayList<>();
  private final AtomicInteger refusals = new AtomicInteger();
  private final AtomicInteger calls = new AtomicInteger();
  private final AtomicInteger answersUntilBreak = new AtomicInteger(Integer.MAX_VALUE);
  private volatile NodeDescription description = NodeDescription.getDefaultInstance();
  private volatile String transferredTo = "";
  private volatile @Nullable MemoryCluster cluster;
  private volatile String id = "";
  private volatile @Nullable Runnable untilAnswerIsLost;

  MemoryBroker(MemoryStore store) throws IOException {
    this(store, InsecureServerCredentials.create());
  }

  MemoryBroker(MemoryStore store, ServerCredentials credentials) throws IOException {
    this.store = store;
    server =
        NettyServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), credentials)
            .directExecutor()
            .intercept(new HeadersAtOnce())
            .addService(new BrokerService())
            .addService(new AdminService())
            .build()
            .start();
    address = "127.0.0.1:" + server.getPort();
  }

  String address() {
    return address;
  }

  MemoryStore store() {
    return store;
  }

  /** Calls that got here, refused ones included. */
  int calls() {
    return calls.get();
  }

  /** The next unary calls are answered NO_QUORUM. */
  void refuseNext(int count) {
    refusals.set(count);
  }

  /** The publish stream breaks after this many answered messages, with the next one stored. */
  void breakPublishStreamAfter(int answers) {
    answersUntilBreak.set(answers);
  }

  void describedAs(NodeDescription node) {
    description = node;
  }

  /** From now on this node describes itself, and the cluster map, as a member of a cluster. */
  void partOf(MemoryCluster joined, String memberId) {
    id = memberId;
    cluster = joined;
  }

  /** The next change of the cluster happens and then some, but its answer does not get through. */
  void loseNextChange(Runnable meanwhile) {
    untilAnswerIsLost = meanwhile;
  }

  String transferredTo() {
    return transferredTo;
  }

  /** Ends every open stream as a node does that stops. */
  void endStreams() {
    synchronized (store) { // deliveries hold it too, and an observer is for one thread at a time
      List<StreamObserver<?>> ended = List.copyOf(openStreams);
      openStreams.clear();
      ended.forEach(
          stream ->
              stream.onError(
                  new Refusal(Status.Code.UNAVAILABLE, "SHUTTING_DOWN", "the node stops")
                      .asException()));
    }
  }

  /** Goes away without a word. */
  @Override
  public void close() {
    server.shutdownNow();
    try {
      if (!server.awaitTermination(10, TimeUnit.SECONDS)) {
        throw new AssertionError("the server does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private <T> void answer(StreamObserver<T> response, Supplier<T> result) {
    calls.incrementAndGet();
    try {
      if (refusals.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
        throw new Refusal(Status.Code.UNAVAILABLE, "NO_QUORUM", "shard 0 has no majority");
      }
      response.onNext(result.get());
      response.onCompleted();
    } catch (Refusal e) {
      response.onError(e.asException());
    }
  }

  private PublishResult result(PublishRequest request) {
    try {
      return PublishResult.newBuilder().setId(store.publish(request)).build();
    } catch (Refusal e) {
      return PublishResult.newBuilder().setError(e.status()).build();
    }
  }

  private void subscribe(
      SubscribeRequest request, StreamObserver<?> response, Consumer<MessageResponse> sink) {
    calls.incrementAndGet();
    long fromId =
        switch (request.getStartCase()) {
          case FROM_ID -> request.getFromId();
          case FROM_TIME_MILLIS ->
              store.firstIdFrom(request.getSubject(), request.getFromTimeMillis());
          case FROM_EARLIEST -> 1;
          case START_NOT_SET -> store.head(request.getSubject()) + 1;
        };
    ((ServerCallStreamObserver<?>) response)
        .setOnCancelHandler(
            () -> {
              openStreams.remove(response);
              store.unsubscribe(request.getSubject(), sink);
            });
    openStreams.add(response);
    try {
      store.subscribe(
          request.getSubject(),
          fromId,
          sink,
          head -> {
            if (request.getProgress()) {
              sink.accept(
                  MessageResponse.newBuilder()
                      .setProgress(Progress.newBuilder().setHeadId(head))
                      .build());
            }
          });
    } catch (Refusal e) {
      openStreams.remove(response);
      response.onError(e.asException());
    }
  }

  private final class BrokerService extends BrokerGrpc.BrokerImplBase {
    @Override
    public void publish(PublishRequest request, StreamObserver<PublishResponse> response) {
      answer(response, () -> PublishResponse.newBuilder().setId(store.publish(request)).build());
    }

    @Override
    public void publishBatch(
        PublishBatchRequest request, StreamObserver<PublishBatchResponse> response) {
      answer(
          response,
          () ->
              PublishBatchResponse.newBuilder()
                  .addAllResults(
                      request.getMessagesList().stream().map(MemoryBroker.this::result).toList())
                  .build());
    }

    @Override
    public StreamObserver<PublishStreamRequest> publishStream(
        StreamObserver<PublishStreamResponse> response) {
      calls.incrementAndGet();
      return new PublishStream(response);
    }

    @Override
    public void subscribe(SubscribeRequest request, StreamObserver<MessageResponse> response) {
      ServerCallStreamObserver<MessageResponse> call =
          (ServerCallStreamObserver<MessageResponse>) response;
      MemoryBroker.this.subscribe(
          request,
          response,
          message -> {
            if (!call.isCancelled() && openStreams.contains(response)) {
              response.onNext(message);
            }
          });
    }

    @Override
    public void subscribeBatches(SubscribeRequest request, StreamObserver<MessageBatch> response) {
      ServerCallStreamObserver<MessageBatch> call =
          (ServerCallStreamObserver<MessageBatch>) response;
      MemoryBroker.this.subscribe(
          request,
          response,
          message -> {
            if (!call.isCancelled() && openStreams.contains(response)) {
              response.onNext(MessageBatch.newBuilder().addMessages(message).build());
            }
          });
    }

    @Override
    public void fetch(FetchRequest request, StreamObserver<MessageResponse> response) {
      answer(response, () -> store.fetch(request.getSubject(), request.getId()));
    }

    @Override
    public void broadcast(PublishRequest request, StreamObserver<BroadcastResponse> response) {
      answer(
          response,
          () ->
              BroadcastResponse.newBuilder()
                  .setAck(true)
                  .setReached(store.broadcast(request))
                  .build());
    }

    @Override
    public void incIdx(IncIdxRequest request, StreamObserver<IncIdxResponse> response) {
      answer(
          response,
          () ->
              IncIdxResponse.newBuilder()
                  .setNewIdx(store.reserve(request.getSubject(), request.getCount()))
                  .build());
    }
  }

  private final class PublishStream implements StreamObserver<PublishStreamRequest> {
    private final StreamObserver<PublishStreamResponse> response;
    private boolean ended;

    PublishStream(StreamObserver<PublishStreamResponse> response) {
      this.response = response;
      openStreams.add(response);
    }

    @Override
    public void onNext(PublishStreamRequest frame) {
      if (ended) {
        return;
      }
      List<PublishResult> results = new ArrayList<>();
      for (PublishRequest message : frame.getMessagesList()) {
        PublishResult result = result(message);
        if (answersUntilBreak.getAndDecrement() <= 0) {
          // Stored, but its publisher will not hear of it: the case that keys are for.
          answersUntilBreak.set(Integer.MAX_VALUE);
          ended = true;
          break;
        }
        results.add(result);
      }
      response.onNext(PublishStreamResponse.newBuilder().addAllResults(results).build());
      if (ended) {
        openStreams.remove(response);
        response.onError(Status.UNAVAILABLE.withDescription("gone").asRuntimeException());
      }
    }

    @Override
    public void onError(Throwable cause) {
      openStreams.remove(response);
    }

    @Override
    public void onCompleted() {
      openStreams.remove(response);
      response.onCompleted();
    }
  }

  private final class AdminService extends AdminGrpc.AdminImplBase {
    @Override
    public void describeNode(
        DescribeNodeRequest request, StreamObserver<NodeDescription> response) {
      MemoryCluster joined = cluster;
      answer(response, () -> joined == null ? description : joined.describeNode(id));
    }

    @Override
    public void describeCluster(
        DescribeClusterRequest request, StreamObserver<ClusterDescription> response) {
      MemoryCluster joined = cluster;
      if (joined == null) {
        super.describeCluster(request, response);
        return;
      }
      answer(response, () -> joined.describe(id));
    }

    @Override
    public void changeCluster(
        ChangeClusterRequest request, StreamObserver<ClusterDescription> response) {
      MemoryCluster joined = cluster;
      if (joined == null) {
        super.changeCluster(request, response);
        return;
      }
      Runnable meanwhile = untilAnswerIsLost;
      if (meanwhile != null) {
        untilAnswerIsLost = null;
        joined.change(id, request);
        meanwhile.run();
        response.onError(Status.UNAVAILABLE.withDescription("gone").asRuntimeException());
        return;
      }
      answer(response, () -> joined.change(id, request));
    }

    @Override
    public void transferLeadership(
        TransferLeadershipRequest request, StreamObserver<TransferLeadershipResponse> response) {
      transferredTo = request.getToMemberId();
      answer(
          response,
          () ->
              TransferLeadershipResponse.newBuilder().setLeaderId(request.getToMemberId()).build());
    }

    @Override
    public void createSubject(
        CreateSubjectRequest request, StreamObserver<SubjectDescription> response) {
      answer(response, () -> store.subjects().create(request));
    }

    @Override
    public void listSubjects(
        ListSubjectsRequest request, StreamObserver<ListSubjectsResponse> response) {
      answer(response, () -> store.subjects().list(request));
    }

    @Override
    public void describeSubject(
        DescribeSubjectRequest request, StreamObserver<SubjectDescription> response) {
      answer(response, () -> store.subjects().describe(request.getSubject()));
    }

    @Override
    public void updateSubject(
        UpdateSubjectRequest request, StreamObserver<SubjectDescription> response) {
      answer(response, () -> store.subjects().update(request));
    }

    @Override
    public void purgeSubject(
        PurgeSubjectRequest request, StreamObserver<PurgeSubjectResponse> response) {
      answer(response, () -> store.subjects().purge(request));
    }

    @Override
    public void deleteSubject(
        DeleteSubjectRequest request, StreamObserver<DeleteSubjectResponse> response) {
      answer(response, () -> store.subjects().delete(request.getSubject()));
    }
  }
}
