package org.raftbroker.systemtests;

import static io.grpc.Status.Code.ALREADY_EXISTS;
import static io.grpc.Status.Code.INVALID_ARGUMENT;
import static io.grpc.Status.Code.NOT_FOUND;
import static io.grpc.Status.Code.PERMISSION_DENIED;
import static io.grpc.Status.Code.RESOURCE_EXHAUSTED;
import static io.grpc.Status.Code.UNIMPLEMENTED;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.BrokerGrpc.BrokerBlockingStub;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.IncIdxRequest;
import org.raftbroker.proto.PublishBatchRequest;
import org.raftbroker.proto.PublishBatchResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.PublishResult;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.cluster.NodeClient;

/**
 * Whatever a client asks for: the answer is the one of the contract, and the server still serves.
 */
@Tag("system")
@SharedCluster.Usual
class BadInputTest {
  private static final Duration DEADLINE = Duration.ofSeconds(10);
  private static final int MIB = 1 << 20;

  static Stream<Arguments> badRequests() {
    return Stream.of(
        publish("empty subject", p -> p.clearSubject(), INVALID_ARGUMENT, "SUBJECT_INVALID"),
        publish("space", p -> p.setSubject("a b"), INVALID_ARGUMENT, "SUBJECT_INVALID"),
        publish(
            "control character", p -> p.setSubject("a\u0007"), INVALID_ARGUMENT, "SUBJECT_INVALID"),
        publish(
            "zero-width space", p -> p.setSubject("a\u200bb"), INVALID_ARGUMENT, "SUBJECT_INVALID"),
        publish("empty token", p -> p.setSubject("a..b"), INVALID_ARGUMENT, "SUBJECT_INVALID"),
        publish("leading dot", p -> p.setSubject(".a"), INVALID_ARGUMENT, "SUBJECT_INVALID"),
        publish("trailing dot", p -> p.setSubject("a."), INVALID_ARGUMENT, "SUBJECT_INVALID"),
        publish(
            "256 bytes", p -> p.setSubject("é".repeat(128)), INVALID_ARGUMENT, "SUBJECT_INVALID"),
        publish("wildcard *", p -> p.setSubject("a.*"), INVALID_ARGUMENT, "WILDCARD_NOT_ALLOWED"),
        publish("wildcard >", p -> p.setSubject("a.>"), INVALID_ARGUMENT, "WILDCARD_NOT_ALLOWED"),
        publish("system subject", p -> p.setSubject("$sys"), PERMISSION_DENIED, "SUBJECT_RESERVED"),
        publish(
            "expiration < 0",
            p -> p.setExpirationSeconds(-1),
            INVALID_ARGUMENT,
            "EXPIRATION_INVALID"),
        publish(
            "body too large",
            p -> p.setBody(zeros(4 * MIB + 1)),
            RESOURCE_EXHAUSTED,
            "BODY_TOO_LARGE"),
        publish(
            "headers too large",
            p -> p.putHeaders("a", "x".repeat(17_000)),
            INVALID_ARGUMENT,
            "HEADERS_INVALID"),
        publish(
            "empty header key", p -> p.putHeaders("", "x"), INVALID_ARGUMENT, "HEADERS_INVALID"),
        publish(
            "long header key",
            p -> p.putHeaders("k".repeat(129), "x"),
            INVALID_ARGUMENT,
            "HEADERS_INVALID"),
        publish(
            "long idempotency key",
            p -> p.setIdempotencyKey("k".repeat(129)),
            INVALID_ARGUMENT,
            "KEY_INVALID"),
        call("fetch id 0", b -> b.fetch(fetch("bad-input", 0)), INVALID_ARGUMENT, "ID_INVALID"),
        call("fetch id -1", b -> b.fetch(fetch("bad-input", -1)), INVALID_ARGUMENT, "ID_INVALID"),
        call(
            "fetch bad subject",
            b -> b.fetch(fetch("a b", 1)),
            INVALID_ARGUMENT,
            "SUBJECT_INVALID"),
        call(
            "fetch past the head",
            b -> b.fetch(fetch("bad-input", 1_000_000_000)),
            NOT_FOUND,
            "ID_NOT_PUBLISHED"),
        call(
            "fetch largest id",
            b -> b.fetch(fetch("bad-input", Long.MAX_VALUE)),
            NOT_FOUND,
            "ID_NOT_PUBLISHED"),
        call(
            "fetch unknown subject",
            b -> b.fetch(fetch("bad-input.unknown", 1)),
            NOT_FOUND,
            "ID_NOT_PUBLISHED"),
        call(
            "subscribe bad subject",
            b -> first(b.subscribe(subscribe("a b").build())),
            INVALID_ARGUMENT,
            "SUBJECT_INVALID"),
        call(
            "subscribe wildcard",
            b -> first(b.subscribe(subscribe("a.*").build())),
            INVALID_ARGUMENT,
            "WILDCARD_NOT_ALLOWED"),
        call(
            "subscribe from id 0",
            b -> first(b.subscribe(subscribe("a").setFromId(0).build())),
            INVALID_ARGUMENT,
            "START_INVALID"),
        call(
            "subscribe from a time < 0",
            b -> first(b.subscribe(subscribe("a").setFromTimeMillis(-1).build())),
            INVALID_ARGUMENT,
            "START_INVALID"),
        call(
            "batches bad subject",
            b -> first(b.subscribeBatches(subscribe("").build())),
            INVALID_ARGUMENT,
            "SUBJECT_INVALID"),
        call(
            "reserve -1",
            b -> b.incIdx(incIdx("bad-input", -1)),
            INVALID_ARGUMENT,
            "COUNT_INVALID"),
        call(
            "reserve 1,000,001",
            b -> b.incIdx(incIdx("bad-input", 1_000_001)),
            INVALID_ARGUMENT,
            "COUNT_INVALID"),
        call(
            "reserve bad subject",
            b -> b.incIdx(incIdx("", 1)),
            INVALID_ARGUMENT,
            "SUBJECT_INVALID"),
        call(
            "broadcast bad subject",
            b -> b.broadcast(message().setSubject("a b").build()),
            INVALID_ARGUMENT,
            "SUBJECT_INVALID"),
        call(
            "batch of 10,001",
            b -> b.publishBatch(batchOf(10_001)),
            INVALID_ARGUMENT,
            "BATCH_INVALID"),
        call("empty batch", b -> b.publishBatch(batchOf(0)), INVALID_ARGUMENT, "BATCH_INVALID"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badRequests")
  void badRequestIsRefusedAndTheServerStillServes(
      String what,
      Function<BrokerBlockingStub, Object> call,
      Status.Code code,
      String reason,
      LocalCluster cluster) {
    NodeClient node = cluster.client(1);

    Refusal refusal = Refusal.of(() -> call.apply(node.broker(DEADLINE)));

    assertThat(refusal.code()).as("%s: %s", what, refusal).isEqualTo(code);
    assertThat(refusal.reason()).as("%s: %s", what, refusal).isEqualTo(reason);
    assertThat(refusal.hasBadRequest())
        .as("%s has google.rpc.BadRequest", what)
        .isEqualTo(code == INVALID_ARGUMENT);
    assertThat(node.publish("bad-input.after", what)).isPositive();
  }

  @Test
  void bytesThatAreNoRequestAreRefused(LocalCluster cluster) {
    Refusal refusal =
        Refusal.of(
            () ->
                ClientCalls.blockingUnaryCall(
                    cluster.client(2).channel(),
                    rawPublish(),
                    CallOptions.DEFAULT,
                    new byte[] {0x0a, 0x7f, 1}));

    assertThat(refusal.code()).as("%s", refusal).isEqualTo(INVALID_ARGUMENT);
    assertThat(refusal.reason()).as("%s", refusal).isEqualTo("MALFORMED_REQUEST");
    assertThat(cluster.client(2).publish("bad-input.after", "malformed")).isPositive();
  }

  @Test
  void methodThatDoesNotExistIsUnimplemented(LocalCluster cluster) {
    MethodDescriptor<byte[], byte[]> unknown =
        rawPublish().toBuilder().setFullMethodName("broker.Broker/Forget").build();

    Refusal refusal =
        Refusal.of(
            () ->
                ClientCalls.blockingUnaryCall(
                    cluster.client(2).channel(), unknown, CallOptions.DEFAULT, new byte[0]));

    assertThat(refusal.code()).isEqualTo(UNIMPLEMENTED);
  }

  @Test
  void requestBeyondTheTransportsLimitIsRefused(LocalCluster cluster) {
    PublishRequest huge = message().setBody(zeros(40 * MIB)).build();

    Refusal refusal = Refusal.of(() -> cluster.client(3).broker(DEADLINE).publish(huge));

    assertThat(refusal.code()).as("%s", refusal).isEqualTo(RESOURCE_EXHAUSTED);
    assertThat(cluster.client(3).publish("bad-input.after", "huge")).isPositive();
  }

  @Test
  void largestBodyIsTakenAndGivenBack(LocalCluster cluster) {
    ByteString largest = zeros(4 * MIB);

    long id =
        cluster
            .client(1)
            .broker(DEADLINE)
            .publish(message().setSubject("bad-input.largest").setBody(largest).build())
            .getId();

    assertThat(cluster.client(2).broker(DEADLINE).fetch(fetch("bad-input.largest", id)).getBody())
        .isEqualTo(largest);
  }

  @Test
  void keyForOtherContentIsRefusedWithTheFirstId(LocalCluster cluster) {
    PublishRequest first = message().setSubject("bad-input.keys").setIdempotencyKey("k").build();
    cluster.client(1).broker(DEADLINE).publish(first);
    PublishRequest other = first.toBuilder().setBody(ByteString.copyFromUtf8("other")).build();

    Refusal refusal = Refusal.of(() -> cluster.client(2).broker(DEADLINE).publish(other));

    assertThat(refusal.code()).as("%s", refusal).isEqualTo(ALREADY_EXISTS);
    assertThat(refusal.reason()).as("%s", refusal).isEqualTo("KEY_REUSED");
  }

  @Test
  void badMessageOfABatchDoesNotHarmTheOthers(LocalCluster cluster) {
    PublishRequest good = message().setSubject("bad-input.batch").build();
    PublishBatchRequest batch =
        PublishBatchRequest.newBuilder()
            .addMessages(good)
            .addMessages(good.toBuilder().setSubject("a b"))
            .addMessages(good)
            .build();

    PublishBatchResponse response = cluster.client(3).broker(DEADLINE).publishBatch(batch);

    assertThat(response.getResultsList())
        .extracting(PublishResult::getId)
        .containsExactly(1L, 0L, 2L);
    com.google.rpc.Status error = response.getResults(1).getError();
    Refusal refusal = Refusal.of(error, Status.fromCodeValue(error.getCode()));
    assertThat(refusal.code()).isEqualTo(INVALID_ARGUMENT);
    assertThat(refusal.reason()).isEqualTo("SUBJECT_INVALID");
  }

  private static Arguments publish(
      String what,
      Function<PublishRequest.Builder, PublishRequest.Builder> flaw,
      Status.Code code,
      String reason) {
    return call("publish: " + what, b -> b.publish(flaw.apply(message()).build()), code, reason);
  }

  private static Arguments call(
      String what, Function<BrokerBlockingStub, Object> call, Status.Code code, String reason) {
    return Arguments.of(what, call, code, reason);
  }

  private static PublishRequest.Builder message() {
    return PublishRequest.newBuilder()
        .setSubject("bad-input")
        .setBody(ByteString.copyFromUtf8("body"))
        .putAllHeaders(Map.of());
  }

  private static ByteString zeros(int size) {
    return ByteString.copyFrom(new byte[size]);
  }

  private static FetchRequest fetch(String subject, long id) {
    return FetchRequest.newBuilder().setSubject(subject).setId(id).build();
  }

  private static SubscribeRequest.Builder subscribe(String subject) {
    return SubscribeRequest.newBuilder().setSubject(subject);
  }

  private static IncIdxRequest incIdx(String subject, int count) {
    return IncIdxRequest.newBuilder().setSubject(subject).setCount(count).build();
  }

  private static PublishBatchRequest batchOf(int count) {
    PublishBatchRequest.Builder batch = PublishBatchRequest.newBuilder();
    for (int i = 0; i < count; i++) {
      batch.addMessages(message());
    }
    return batch.build();
  }

  private static <T> T first(Iterator<T> stream) {
    return stream.next();
  }

  /** Publish with a body that the client does not look at. */
  private static MethodDescriptor<byte[], byte[]> rawPublish() {
    MethodDescriptor.Marshaller<byte[]> asIs =
        new MethodDescriptor.Marshaller<>() {
          @Override
          public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
          }

          @Override
          public byte[] parse(InputStream stream) {
            try {
              return stream.readAllBytes();
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        };
    return MethodDescriptor.<byte[], byte[]>newBuilder(asIs, asIs)
        .setType(MethodDescriptor.MethodType.UNARY)
        .setFullMethodName(BrokerGrpc.getPublishMethod().getFullMethodName())
        .build();
  }
}
