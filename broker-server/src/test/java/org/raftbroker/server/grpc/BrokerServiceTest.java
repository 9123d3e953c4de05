package org.raftbroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status.Code;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.proto.BroadcastResponse;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.IncIdxRequest;
import org.raftbroker.proto.MessageBatch;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.PublishBatchRequest;
import org.raftbroker.proto.PublishBatchResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.SubscribeRequest;

/** Every method of the public service, as a client in another process sees it. */
final class BrokerServiceTest {
  @TempDir Path directory;
  private TestNode node;

  @BeforeEach
  void start() {
    node = TestNode.alone(directory);
  }

  @AfterEach
  void stop() {
    node.close();
  }

  @Test
  void publishesWithIdsFromOneOnForEachSubject() {
    assertThat(publish("orders", "a")).isEqualTo(1);
    assertThat(publish("orders", "b")).isEqualTo(2);
    assertThat(publish("invoices", "c")).isEqualTo(1);

    assertThat(node.requests.published).hasValue(3);
    assertThat(node.requests.publishedBytes).hasValue(3);
  }

  @Test
  void fetchesWhatWasPublishedWithAllThatBelongsToIt() {
    node.broker()
        .publish(
            PublishRequest.newBuilder()
                .setSubject("orders.é")
                .setBody(ByteString.copyFrom(new byte[] {0, -1, 7}))
                .setExpirationSeconds(3600)
                .putHeaders("trace", "'; DROP TABLE subjects;-- ${jndi:x} %s")
                .build());

    MessageResponse message = fetch("orders.é", 1);

    assertThat(message.getBody().toByteArray()).containsExactly(0, -1, 7);
    assertThat(message.getId()).isEqualTo(1);
    assertThat(message.getSubject()).isEqualTo("orders.é");
    assertThat(message.getHeadersMap())
        .containsEntry("trace", "'; DROP TABLE subjects;-- ${jndi:x} %s");
    assertThat(message.getExpiresAtMillis() - message.getPublishedAtMillis()).isEqualTo(3_600_000);
    assertThat(node.requests.fetched).hasValue(1);
  }

  @Test
  void farthestExpirationIsTaken() {
    node.broker()
        .publish(
            PublishRequest.newBuilder()
                .setSubject("orders")
                .setExpirationSeconds(Integer.MAX_VALUE)
                .build());

    MessageResponse message = fetch("orders", 1);
    assertThat(message.getExpiresAtMillis() - message.getPublishedAtMillis())
        .isEqualTo(Integer.MAX_VALUE * 1000L);
  }

  @Test
  void expiredMessageIsNotFound() {
    node.broker()
        .publish(PublishRequest.newBuilder().setSubject("orders").setExpirationSeconds(1).build());

    Awaitility.await()
        .atMost(10, TimeUnit.SECONDS)
        .until(() -> catchThrowable(() -> fetch("orders", 1)) != null);
    Refusal refusal = Refusal.of(() -> fetch("orders", 1));
    assertThat(refusal.code()).isEqualTo(Code.NOT_FOUND);
    assertThat(refusal.reason()).isEqualTo("MESSAGE_EXPIRED");
  }

  @Test
  void largestBodyIsTakenAndComesBack() {
    ByteString body = ByteString.copyFrom(new byte[LimitsConfig.DEFAULT.maxBodyBytes()]);
    node.broker().publish(PublishRequest.newBuilder().setSubject("big").setBody(body).build());

    assertThat(fetch("big", 1).getBody()).isEqualTo(body);
  }

  @Test
  void repeatWithTheSameKeyAnswersTheFirstId() {
    PublishRequest request = message("orders", "a").toBuilder().setIdempotencyKey("k1").build();
    long first = node.broker().publish(request).getId();
    publish("orders", "between");

    assertThat(node.broker().publish(request).getId()).isEqualTo(first);

    Refusal reused =
        Refusal.of(() -> node.broker().publish(request.toBuilder().setBody(utf8("b")).build()));
    assertThat(reused.code()).isEqualTo(Code.ALREADY_EXISTS);
    assertThat(reused.reason()).isEqualTo("KEY_REUSED");
    assertThat(reused.metadata()).containsEntry("id", Long.toString(first));
  }

  @Test
  void batchAnswersEachMessageInItsPlace() {
    PublishBatchResponse response =
        node.broker()
            .publishBatch(
                PublishBatchRequest.newBuilder()
                    .addMessages(message("orders", "a"))
                    .addMessages(message("bad subject", "b"))
                    .addMessages(message("invoices", "c"))
                    .addMessages(message("orders", "d"))
                    .addMessages(message("orders", "e").toBuilder().setExpirationSeconds(-1))
                    .build());

    assertThat(response.getResultsList())
        .extracting(result -> result.getId())
        .containsExactly(1L, 0L, 1L, 2L, 0L);
    Refusal second = Refusal.of(response.getResults(1).getError());
    assertThat(second.code()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(second.reason()).isEqualTo("SUBJECT_INVALID");
    assertThat(second.field()).isEqualTo("subject");
    assertThat(Refusal.of(response.getResults(4).getError()).reason())
        .isEqualTo("EXPIRATION_INVALID");
    assertThat(response.getResults(0).hasError()).isFalse();
    assertThat(node.requests.published).hasValue(3);
    assertThat(node.requests.errors)
        .containsExactly(
            new RecordedRequests.Failed("PublishBatch", Code.INVALID_ARGUMENT, "SUBJECT_INVALID"),
            new RecordedRequests.Failed(
                "PublishBatch", Code.INVALID_ARGUMENT, "EXPIRATION_INVALID"));
  }

  @Test
  void batchRefusesAReusedKeyInItsPlace() {
    PublishRequest keyed = message("orders", "a").toBuilder().setIdempotencyKey("k").build();
    PublishBatchResponse response =
        node.broker()
            .publishBatch(
                PublishBatchRequest.newBuilder()
                    .addMessages(keyed)
                    .addMessages(keyed.toBuilder().setBody(utf8("other")))
                    .addMessages(keyed)
                    .build());

    assertThat(response.getResultsList())
        .extracting(result -> result.getId())
        .containsExactly(1L, 0L, 1L);
    Refusal reused = Refusal.of(response.getResults(1).getError());
    assertThat(reused.code()).isEqualTo(Code.ALREADY_EXISTS);
    assertThat(reused.metadata()).containsEntry("id", "1");
  }

  @Test
  void reservesIdsThatHaveNoMessage() {
    publish("orders", "a");

    assertThat(incIdx("orders", 0)).isEqualTo(2);
    assertThat(incIdx("orders", 10)).isEqualTo(12);
    assertThat(publish("orders", "b")).isEqualTo(13);

    Refusal reserved = Refusal.of(() -> fetch("orders", 5));
    assertThat(reserved.code()).isEqualTo(Code.NOT_FOUND);
    assertThat(reserved.reason()).isEqualTo("ID_RESERVED");
    assertThat(fetch("orders", 13).getPreviousId()).isEqualTo(1);
  }

  @Test
  void headersComeBeforeTheFirstMessageAndSayThatTheSubscriptionIsInPlace() throws Exception {
    CountDownLatch headers = new CountDownLatch(1);
    List<Long> ids = new ArrayList<>();
    CountDownLatch received = new CountDownLatch(1);
    ClientCall<SubscribeRequest, MessageResponse> call =
        node.channel().newCall(BrokerGrpc.getSubscribeMethod(), CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onHeaders(Metadata metadata) {
            headers.countDown();
          }

          @Override
          public void onMessage(MessageResponse message) {
            ids.add(message.getId());
            received.countDown();
          }
        },
        new Metadata());
    call.request(10);
    publish("orders", "before");
    call.sendMessage(SubscribeRequest.newBuilder().setSubject("orders").build());
    call.halfClose();

    assertThat(headers.await(10, TimeUnit.SECONDS)).isTrue();
    publish("orders", "after");

    assertThat(received.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(ids).containsExactly(2L);
    call.cancel("done", null);
    Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> node.delivery.subscriptions() == 0);
  }

  @Test
  void subscribesFromWhereTheRequestSays() {
    publish("orders", "a");
    publish("orders", "b");
    publish("orders", "c");
    long timeOfSecond = fetch("orders", 2).getPublishedAtMillis();

    assertThat(firstIds(SubscribeRequest.newBuilder().setFromEarliest(true), 3))
        .containsExactly(1L, 2L, 3L);
    assertThat(firstIds(SubscribeRequest.newBuilder().setFromId(2), 2)).containsExactly(2L, 3L);
    assertThat(firstIds(SubscribeRequest.newBuilder().setFromTimeMillis(0), 3))
        .containsExactly(1L, 2L, 3L);
    assertThat(
            fetch(
                    "orders",
                    firstIds(SubscribeRequest.newBuilder().setFromTimeMillis(timeOfSecond), 1)
                        .get(0))
                .getPublishedAtMillis())
        .isGreaterThanOrEqualTo(timeOfSecond);
  }

  @Test
  void progressComesOnlyToThoseWhoAsk() throws Exception {
    publish("orders", "a");
    Received<SubscribeRequest, MessageResponse> asks = Received.all();
    node.asyncBroker()
        .subscribe(
            SubscribeRequest.newBuilder()
                .setSubject("orders")
                .setFromEarliest(true)
                .setProgress(true)
                .build(),
            asks);

    assertThat(asks.next().getId()).isEqualTo(1);
    MessageResponse progress = asks.next();
    assertThat(progress)
        .isEqualTo(
            MessageResponse.newBuilder()
                .setProgress(progress.getProgress().toBuilder().setHeadId(1))
                .build());
    asks.cancel();
  }

  @Test
  void batchesCarryManyMessagesInOrder() {
    PublishBatchRequest.Builder batch = PublishBatchRequest.newBuilder();
    for (int i = 0; i < 1000; i++) {
      batch.addMessages(message("orders", "body " + i));
    }
    node.broker().publishBatch(batch.build());

    Iterator<MessageBatch> frames =
        node.broker()
            .subscribeBatches(
                SubscribeRequest.newBuilder().setSubject("orders").setFromEarliest(true).build());

    List<MessageResponse> messages = new ArrayList<>();
    int count = 0;
    while (messages.size() < 1000) {
      messages.addAll(frames.next().getMessagesList());
      count++;
    }
    for (int i = 0; i < 1000; i++) {
      assertThat(messages.get(i).getId()).isEqualTo(i + 1);
      assertThat(messages.get(i).getBody().toStringUtf8()).isEqualTo("body " + i);
    }
    assertThat(count).isLessThanOrEqualTo(100);
  }

  @Test
  void broadcastReachesCurrentSubscribersAndStoresNothing() throws Exception {
    Received<SubscribeRequest, MessageResponse> subscriber = Received.all();
    Received<SubscribeRequest, MessageBatch> batches = Received.all();
    SubscribeRequest request = SubscribeRequest.newBuilder().setSubject("orders").build();
    node.asyncBroker().subscribe(request, subscriber);
    node.asyncBroker().subscribeBatches(request, batches);
    Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> node.delivery.subscriptions() == 2);

    BroadcastResponse response =
        node.broker().broadcast(message("orders", "now").toBuilder().putHeaders("k", "v").build());

    assertThat(response.getAck()).isTrue();
    assertThat(response.getReached()).isEqualTo(2);
    assertThat(response.getUnreachableNodes()).isZero();
    MessageResponse got = subscriber.next();
    assertThat(got.getId()).isZero();
    assertThat(got.getBody()).isEqualTo(utf8("now"));
    assertThat(got.getHeadersMap()).containsEntry("k", "v");
    assertThat(batches.next().getMessages(0).getBody()).isEqualTo(utf8("now"));
    assertThat(Refusal.of(() -> fetch("orders", 1)).reason()).isEqualTo("ID_NOT_PUBLISHED");
  }

  @Test
  void slowSubscriberGetsEverythingLateAndIsNeverDropped() throws Exception {
    Received<SubscribeRequest, MessageResponse> slow = Received.byHand();
    node.asyncBroker()
        .subscribe(SubscribeRequest.newBuilder().setSubject("orders").setFromId(1).build(), slow);
    int messages = 5000;
    ByteString body = ByteString.copyFrom(new byte[1024]);
    for (int sent = 0; sent < messages; sent += 500) {
      PublishBatchRequest.Builder batch = PublishBatchRequest.newBuilder();
      for (int i = 0; i < 500; i++) {
        batch.addMessages(PublishRequest.newBuilder().setSubject("orders").setBody(body));
      }
      node.broker().publishBatch(batch.build());
    }

    slow.request(1);
    assertThat(slow.next().getId()).isEqualTo(1);
    // More is published than all buffers on the way hold, so the rest waits in the store.
    assertThat(node.delivery.lag().max()).isPositive();

    slow.request(messages);
    for (int id = 2; id <= messages; id++) {
      assertThat(slow.next().getId()).isEqualTo(id);
    }
    slow.cancel();
  }

  @Test
  void clientOfTheFirstContractWithInt32IdsWorks() throws IOException {
    ByteArrayOutputStream publish = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(publish);
    out.writeString(1, "orders");
    out.writeByteArray(2, new byte[] {1, 2, 3});
    out.writeInt32(3, 60);
    out.flush();
    CodedInputStream published = raw("Publish", publish.toByteArray());
    assertThat(published.readTag()).isEqualTo(1 << 3);
    assertThat(published.readInt32()).isEqualTo(1);
    assertThat(published.isAtEnd()).isTrue();

    ByteArrayOutputStream fetch = new ByteArrayOutputStream();
    out = CodedOutputStream.newInstance(fetch);
    out.writeString(1, "orders");
    out.writeInt32(2, 1);
    out.flush();
    CodedInputStream fetched = raw("Fetch", fetch.toByteArray());
    assertThat(fetched.readTag()).isEqualTo(1 << 3 | 2);
    assertThat(fetched.readByteArray()).containsExactly(1, 2, 3);

    ByteArrayOutputStream incIdx = new ByteArrayOutputStream();
    out = CodedOutputStream.newInstance(incIdx);
    out.writeString(1, "orders");
    out.flush();
    CodedInputStream reserved = raw("IncIdx", incIdx.toByteArray());
    assertThat(reserved.readTag()).isEqualTo(1 << 3);
    assertThat(reserved.readInt32()).isEqualTo(2);
  }

  @Test
  void afterItsDeadlineNothingIsPublished() {
    Refusal late =
        Refusal.of(
            () ->
                BrokerGrpc.newBlockingStub(node.channel())
                    .withDeadlineAfter(1, TimeUnit.NANOSECONDS)
                    .publish(message("orders", "late")));

    assertThat(late.code()).isEqualTo(Code.DEADLINE_EXCEEDED);
    assertThat(publish("orders", "first")).isEqualTo(1);
  }

  private CodedInputStream raw(String method, byte[] request) {
    return CodedInputStream.newInstance(
        ClientCalls.blockingUnaryCall(
            node.channel(),
            RawMethod.unary("broker.Broker/" + method),
            CallOptions.DEFAULT,
            request));
  }

  private List<Long> firstIds(SubscribeRequest.Builder request, int count) {
    Iterator<MessageResponse> messages =
        node.broker().subscribe(request.setSubject("orders").build());
    List<Long> ids = new ArrayList<>();
    while (ids.size() < count) {
      ids.add(messages.next().getId());
    }
    return ids;
  }

  private long publish(String subject, String body) {
    return node.broker().publish(message(subject, body)).getId();
  }

  private MessageResponse fetch(String subject, long id) {
    return node.broker().fetch(FetchRequest.newBuilder().setSubject(subject).setId(id).build());
  }

  private long incIdx(String subject, int count) {
    return node.broker()
        .incIdx(IncIdxRequest.newBuilder().setSubject(subject).setCount(count).build())
        .getNewIdx();
  }

  private static PublishRequest message(String subject, String body) {
    return PublishRequest.newBuilder().setSubject(subject).setBody(utf8(body)).build();
  }

  private static ByteString utf8(String text) {
    return ByteString.copyFromUtf8(text);
  }
}
