package org.raftbroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.stub.ClientCalls;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.IncIdxRequest;
import org.raftbroker.proto.PublishBatchRequest;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.TransferLeadershipRequest;

/** Every input that a client can get wrong, and the answer that it gets. */
final class RefusalsTest {
  @TempDir static Path directory;
  private static TestNode node;

  @BeforeAll
  static void start() {
    node = TestNode.alone(directory);
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  static Stream<Arguments> badInputs() {
    return Stream.of(
        // Subjects, in each request that has one.
        bad("Publish", publish(""), Code.INVALID_ARGUMENT, "SUBJECT_INVALID", "subject"),
        bad(
            "Publish",
            publish("a".repeat(256)),
            Code.INVALID_ARGUMENT,
            "SUBJECT_INVALID",
            "subject"),
        bad(
            "Publish",
            publish("a".repeat(1 << 20)),
            Code.INVALID_ARGUMENT,
            "SUBJECT_INVALID",
            "subject"),
        bad("Publish", publish("a b"), Code.INVALID_ARGUMENT, "SUBJECT_INVALID", "subject"),
        bad("Publish", publish("a\0b"), Code.INVALID_ARGUMENT, "SUBJECT_INVALID", "subject"),
        bad("Publish", publish("a\u202eb"), Code.INVALID_ARGUMENT, "SUBJECT_INVALID", "subject"),
        bad("Publish", publish("a\u200bb"), Code.INVALID_ARGUMENT, "SUBJECT_INVALID", "subject"),
        bad("Publish", publish("a..b"), Code.INVALID_ARGUMENT, "SUBJECT_INVALID", "subject"),
        bad("Publish", publish(".a"), Code.INVALID_ARGUMENT, "SUBJECT_INVALID", "subject"),
        bad("Publish", publish("a."), Code.INVALID_ARGUMENT, "SUBJECT_INVALID", "subject"),
        bad("Publish", publish("*"), Code.INVALID_ARGUMENT, "WILDCARD_NOT_ALLOWED", "subject"),
        bad(
            "Publish",
            publish("orders.>"),
            Code.INVALID_ARGUMENT,
            "WILDCARD_NOT_ALLOWED",
            "subject"),
        bad("Publish", publish("$sys.x"), Code.PERMISSION_DENIED, "SUBJECT_RESERVED", null),
        bad("Fetch", fetch(">", 1), Code.INVALID_ARGUMENT, "WILDCARD_NOT_ALLOWED", "subject"),
        bad("Fetch", fetch("", 1), Code.INVALID_ARGUMENT, "SUBJECT_INVALID", "subject"),
        bad("Broadcast", publish("a b"), Code.INVALID_ARGUMENT, "SUBJECT_INVALID", "subject"),
        bad("IncIdx", incIdx("", 1), Code.INVALID_ARGUMENT, "SUBJECT_INVALID", "subject"),
        bad(
            "Subscribe",
            subscribe("a.*"),
            Code.INVALID_ARGUMENT,
            "WILDCARD_NOT_ALLOWED",
            "subject"),
        bad("Subscribe", subscribe("$x"), Code.PERMISSION_DENIED, "SUBJECT_RESERVED", null),
        bad("SubscribeBatches", subscribe(""), Code.INVALID_ARGUMENT, "SUBJECT_INVALID", "subject"),
        // What else a message has.
        bad(
            "Publish",
            publish("a").toBuilder().setExpirationSeconds(-1).build(),
            Code.INVALID_ARGUMENT,
            "EXPIRATION_INVALID",
            "expirationSeconds"),
        bad(
            "Publish",
            publish("a").toBuilder().setExpirationSeconds(Integer.MIN_VALUE).build(),
            Code.INVALID_ARGUMENT,
            "EXPIRATION_INVALID",
            "expirationSeconds"),
        bad(
            "Publish",
            publish("a").toBuilder().putHeaders("", "v").build(),
            Code.INVALID_ARGUMENT,
            "HEADERS_INVALID",
            "headers"),
        bad(
            "Publish",
            publish("a").toBuilder().putHeaders("k".repeat(129), "v").build(),
            Code.INVALID_ARGUMENT,
            "HEADERS_INVALID",
            "headers"),
        bad(
            "Publish",
            publish("a").toBuilder().putHeaders("k", "v".repeat(16 * 1024)).build(),
            Code.INVALID_ARGUMENT,
            "HEADERS_INVALID",
            "headers"),
        bad(
            "Publish",
            publish("a").toBuilder().setIdempotencyKey("é".repeat(65)).build(),
            Code.INVALID_ARGUMENT,
            "KEY_INVALID",
            "idempotency_key"),
        bad(
            "Publish",
            publish("a").toBuilder()
                .setBody(zeros(LimitsConfig.DEFAULT.maxBodyBytes() + 1))
                .build(),
            Code.RESOURCE_EXHAUSTED,
            "BODY_TOO_LARGE",
            null),
        bad(
            "Publish",
            publish("a").toBuilder().setBody(zeros(LimitsConfig.DEFAULT.maxRequestBytes())).build(),
            Code.RESOURCE_EXHAUSTED,
            "BODY_TOO_LARGE",
            null),
        // Ids, counts, places to start.
        bad("Fetch", fetch("a", 0), Code.INVALID_ARGUMENT, "ID_INVALID", "id"),
        bad("Fetch", fetch("a", -1), Code.INVALID_ARGUMENT, "ID_INVALID", "id"),
        bad("Fetch", fetch("a", Long.MIN_VALUE), Code.INVALID_ARGUMENT, "ID_INVALID", "id"),
        bad("Fetch", fetch("a", 1), Code.NOT_FOUND, "ID_NOT_PUBLISHED", null),
        bad("Fetch", fetch("a", Long.MAX_VALUE), Code.NOT_FOUND, "ID_NOT_PUBLISHED", null),
        bad("IncIdx", incIdx("a", -1), Code.INVALID_ARGUMENT, "COUNT_INVALID", "count"),
        bad("IncIdx", incIdx("a", 1_000_001), Code.INVALID_ARGUMENT, "COUNT_INVALID", "count"),
        bad(
            "Subscribe",
            subscribe("a").toBuilder().setFromId(0).build(),
            Code.INVALID_ARGUMENT,
            "START_INVALID",
            "from_id"),
        bad(
            "SubscribeBatches",
            subscribe("a").toBuilder().setFromTimeMillis(-1).build(),
            Code.INVALID_ARGUMENT,
            "START_INVALID",
            "from_time_millis"),
        // Batches as a whole.
        bad(
            "PublishBatch",
            PublishBatchRequest.getDefaultInstance(),
            Code.INVALID_ARGUMENT,
            "BATCH_INVALID",
            "messages"),
        bad("PublishBatch", batch(10_001, 0), Code.INVALID_ARGUMENT, "BATCH_INVALID", "messages"),
        bad("PublishBatch", batch(3, 2 << 20), Code.INVALID_ARGUMENT, "BATCH_INVALID", "messages"));
  }

  @ParameterizedTest(name = "{index} {0} {3}")
  @MethodSource("badInputs")
  void badInputHasItsAnswer(
      String method, byte[] request, Code code, String reason, @Nullable String field) {
    int errors = node.requests.errors.size();

    Refusal refusal = Refusal.of(() -> call(method, request));

    assertThat(refusal.code()).isEqualTo(code);
    assertThat(refusal.reason()).isEqualTo(reason);
    assertThat(refusal.domain()).isEqualTo("raftbroker");
    assertThat(refusal.field()).isEqualTo(field);
    assertThat(refusal.message()).isNotEmpty().hasSizeLessThan(400);
    assertThat(node.requests.errors.subList(errors, errors + 1))
        .containsExactly(new RecordedRequests.Failed(method, code, reason));
  }

  @Test
  void bytesThatAreNoRequestAreTheClientsFault() {
    byte[] invalidUtf8 = {1 << 3 | 2, 2, (byte) 0xc3, (byte) 0x28};
    byte[] truncated = {1 << 3 | 2, 100, 'a'};
    byte[] noise = {(byte) 0xff, (byte) 0xff, (byte) 0xff, 7};
    for (String method :
        new String[] {"Publish", "PublishBatch", "Fetch", "Broadcast", "IncIdx", "Subscribe"}) {
      for (byte[] bytes : new byte[][] {truncated, noise}) {
        Refusal refusal = Refusal.of(() -> call(method, bytes));
        assertThat(refusal.code()).as(method).isEqualTo(Code.INVALID_ARGUMENT);
        assertThat(refusal.reason()).isEqualTo("MALFORMED_REQUEST");
      }
    }
    assertThat(Refusal.of(() -> call("Publish", invalidUtf8)).reason())
        .isEqualTo("MALFORMED_REQUEST");
  }

  @Test
  void callWithoutOrWithTwoRequestsIsRefused() throws Exception {
    assertThat(unaryWith(0).reason()).isEqualTo("MALFORMED_REQUEST");
    // The transport's own answer; what counts is that it is an end, and not our fault.
    assertThat(unaryWith(2).code()).isEqualTo(Code.CANCELLED);
  }

  @Test
  void unknownMethodsAndPathsAreUnimplemented() {
    for (String path : new String[] {"broker.Broker/publish", "broker.broker/Publish", "x/y"}) {
      Refusal refusal =
          Refusal.of(
              () ->
                  ClientCalls.blockingUnaryCall(
                      node.channel(), RawMethod.unary(path), CallOptions.DEFAULT, new byte[0]));
      assertThat(refusal.code()).as(path).isEqualTo(Code.UNIMPLEMENTED);
    }
  }

  @Test
  void bodyThatGrowsWhenItIsUnpackedIsRefused() {
    PublishRequest bomb = publish("a").toBuilder().setBody(zeros(200 << 20)).build();

    Refusal refusal =
        Refusal.of(
            () ->
                BrokerGrpc.newBlockingStub(node.channel())
                    .withCompression("gzip")
                    .withDeadlineAfter(20, TimeUnit.SECONDS)
                    .publish(bomb));

    assertThat(refusal.code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
    assertThat(refusal.reason()).isEqualTo("BODY_TOO_LARGE");
  }

  @Test
  void compressedRequestIsTaken() {
    assertThat(
            BrokerGrpc.newBlockingStub(node.channel())
                .withCompression("gzip")
                .publish(publish("zipped").toBuilder().setBody(zeros(1 << 20)).build())
                .getId())
        .isEqualTo(1);
  }

  @Test
  void shardThatDoesNotExistIsRefused() {
    AdminGrpc.AdminBlockingStub admin = AdminGrpc.newBlockingStub(node.channel());
    for (int shard : new int[] {-1, 3}) {
      Refusal refusal =
          Refusal.of(
              () ->
                  admin.transferLeadership(
                      TransferLeadershipRequest.newBuilder().setShard(shard).build()));
      assertThat(refusal.code()).isEqualTo(Code.INVALID_ARGUMENT);
      assertThat(refusal.reason()).isEqualTo("SHARD_INVALID");
      assertThat(refusal.field()).isEqualTo("shard");
    }
    Refusal nobody =
        Refusal.of(
            () ->
                admin.transferLeadership(
                    TransferLeadershipRequest.newBuilder().setToMemberId("n9").build()));
    assertThat(nobody.code()).isEqualTo(Code.FAILED_PRECONDITION);
    assertThat(nobody.reason()).isEqualTo("TRANSFER_FAILED");
  }

  /** A publish whose client sends so many requests. */
  private static Refusal unaryWith(int requests) throws Exception {
    // As a stream, because a unary client of this library sends exactly one.
    ClientCall<byte[], byte[]> call =
        node.channel()
            .newCall(
                RawMethod.of("broker.Broker/Publish", MethodType.BIDI_STREAMING),
                CallOptions.DEFAULT);
    CompletableFuture<Refusal> end = new CompletableFuture<>();
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            end.complete(Refusal.of(status.asRuntimeException(trailers)));
          }
        },
        new Metadata());
    call.request(1);
    for (int i = 0; i < requests; i++) {
      call.sendMessage(publish("a").toByteArray());
    }
    call.halfClose();
    return end.get(20, TimeUnit.SECONDS);
  }

  private static void call(String method, byte[] request) {
    String name = "broker.Broker/" + method;
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS);
    if (method.startsWith("Subscribe")) {
      MethodDescriptor<byte[], byte[]> stream = RawMethod.of(name, MethodType.SERVER_STREAMING);
      ClientCalls.blockingServerStreamingCall(node.channel(), stream, options, request).next();
    } else {
      ClientCalls.blockingUnaryCall(node.channel(), RawMethod.unary(name), options, request);
    }
  }

  private static Arguments bad(
      String method, Message request, Code code, String reason, @Nullable String field) {
    return Arguments.of(method, request.toByteArray(), code, reason, field);
  }

  private static PublishRequest publish(String subject) {
    return PublishRequest.newBuilder()
        .setSubject(subject)
        .setBody(ByteString.copyFrom("body", StandardCharsets.UTF_8))
        .build();
  }

  private static FetchRequest fetch(String subject, long id) {
    return FetchRequest.newBuilder().setSubject(subject).setId(id).build();
  }

  private static IncIdxRequest incIdx(String subject, int count) {
    return IncIdxRequest.newBuilder().setSubject(subject).setCount(count).build();
  }

  private static SubscribeRequest subscribe(String subject) {
    return SubscribeRequest.newBuilder().setSubject(subject).build();
  }

  private static PublishBatchRequest batch(int messages, int bodyBytes) {
    PublishBatchRequest.Builder batch = PublishBatchRequest.newBuilder();
    for (int i = 0; i < messages; i++) {
      batch.addMessages(publish("a").toBuilder().setBody(zeros(bodyBytes)));
    }
    return batch.build();
  }

  private static ByteString zeros(int count) {
    return ByteString.copyFrom(new byte[count]);
  }
}
