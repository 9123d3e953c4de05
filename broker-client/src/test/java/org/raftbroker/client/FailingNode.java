package org.raftbroker.client;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.Status.Code;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.IncIdxRequest;
import org.raftbroker.proto.IncIdxResponse;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.PublishResponse;
import org.raftbroker.proto.PublishResult;
import org.raftbroker.proto.PublishStreamRequest;
import org.raftbroker.proto.PublishStreamResponse;
import org.raftbroker.proto.SubscribeRequest;

/** A node that has one message of every subject, and fails so many calls before it serves. */
final class FailingNode extends BrokerGrpc.BrokerImplBase implements AutoCloseable {
  static final com.google.rpc.Status NO_QUORUM =
      refusal(Code.UNAVAILABLE, info("NO_QUORUM")).build();
  static final int PAUSE_MILLIS = 300;
  static final com.google.rpc.Status TOO_MANY_PENDING =
      refusal(
              Code.RESOURCE_EXHAUSTED,
              info("TOO_MANY_PENDING"),
              RetryInfo.newBuilder()
                  .setRetryDelay(Duration.newBuilder().setNanos(PAUSE_MILLIS * 1_000_000))
                  .build())
          .build();

  private final com.google.rpc.Status failure;
  private final AtomicInteger failuresLeft;
  private final AtomicInteger calls = new AtomicInteger();
  private final List<String> keys = new CopyOnWriteArrayList<>();
  private final Server server;

  private FailingNode(int failures, com.google.rpc.Status failure) throws IOException {
    this.failure = failure;
    this.failuresLeft = new AtomicInteger(failures);
    this.server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .directExecutor()
            .addService(this)
            .build()
            .start();
  }

  static FailingNode serving() throws IOException {
    return failing(0, NO_QUORUM);
  }

  static FailingNode failing(int calls, com.google.rpc.Status failure) throws IOException {
    return new FailingNode(calls, failure);
  }

  String address() {
    return "127.0.0.1:" + server.getPort();
  }

  /** Calls and messages of streams that got here, those that failed included. */
  int calls() {
    return calls.get();
  }

  /** The idempotency keys of what was published here, and failed or not. */
  List<String> keys() {
    return keys;
  }

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

  @Override
  public void publish(PublishRequest request, StreamObserver<PublishResponse> response) {
    keys.add(request.getIdempotencyKey());
    answer(response, PublishResponse.newBuilder().setId(1).build());
  }

  @Override
  public void fetch(FetchRequest request, StreamObserver<MessageResponse> response) {
    answer(response, message(request.getSubject()));
  }

  @Override
  public void incIdx(IncIdxRequest request, StreamObserver<IncIdxResponse> response) {
    answer(response, IncIdxResponse.newBuilder().setNewIdx(request.getCount()).build());
  }

  @Override
  public void subscribe(SubscribeRequest request, StreamObserver<MessageResponse> response) {
    if (fails()) {
      response.onError(StatusProto.toStatusRuntimeException(failure));
    } else {
      response.onNext(message(request.getSubject()));
    }
  }

  @Override
  public StreamObserver<PublishStreamRequest> publishStream(
      StreamObserver<PublishStreamResponse> response) {
    return new StreamObserver<>() {
      @Override
      public void onNext(PublishStreamRequest frame) {
        PublishStreamResponse.Builder results = PublishStreamResponse.newBuilder();
        for (PublishRequest message : frame.getMessagesList()) {
          keys.add(message.getIdempotencyKey());
          results.addResults(
              fails()
                  ? PublishResult.newBuilder().setError(failure)
                  : PublishResult.newBuilder().setId(1));
        }
        response.onNext(results.build());
      }

      @Override
      public void onError(Throwable cause) {}

      @Override
      public void onCompleted() {
        response.onCompleted();
      }
    };
  }

  private boolean fails() {
    calls.incrementAndGet();
    return failuresLeft.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
  }

  private <A> void answer(StreamObserver<A> response, A answer) {
    if (fails()) {
      response.onError(StatusProto.toStatusRuntimeException(failure));
    } else {
      response.onNext(answer);
      response.onCompleted();
    }
  }

  private static MessageResponse message(String subject) {
    return MessageResponse.newBuilder()
        .setSubject(subject)
        .setId(1)
        .setBody(ByteString.copyFromUtf8("hello"))
        .build();
  }

  private static ErrorInfo info(String reason) {
    return ErrorInfo.newBuilder().setDomain("raftbroker").setReason(reason).build();
  }

  private static com.google.rpc.Status.Builder refusal(Code code, Message... details) {
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder().setCode(code.value()).setMessage("not at the moment");
    for (Message detail : details) {
      status.addDetails(Any.pack(detail));
    }
    return status;
  }
}
