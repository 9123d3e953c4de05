package org.raftbroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status.Code;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.message.Subject;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.PublishResult;
import org.raftbroker.proto.PublishStreamRequest;
import org.raftbroker.proto.PublishStreamResponse;
import org.raftbroker.raft.Shards;

/** Publish streams, as clients in another process see them. */
final class PublishStreamTest {
  private static final ByteString BODY = ByteString.copyFromUtf8("body");
  private static final ByteString KIB = ByteString.copyFrom(new byte[1024]);

  @TempDir Path directory;
  private final List<HeldShard> held = new ArrayList<>();
  private @Nullable TestNode started;

  @AfterEach
  void stop() {
    held.forEach(HeldShard::release);
    node().close();
  }

  @Test
  void idsAreDenseAndInRequestOrderOverManyFramesAndShards() throws Exception {
    started = TestNode.alone(directory);
    Received<PublishStreamRequest, PublishStreamResponse> answers = Received.all();
    ClientCallStreamObserver<PublishStreamRequest> requests = open(answers);
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<String> subjects = new ArrayList<>();
    int messages = 100_000;
    while (subjects.size() < messages) {
      PublishStreamRequest.Builder frame = PublishStreamRequest.newBuilder();
      int size = Math.min(1 + random.nextInt(200), messages - subjects.size());
      for (int i = 0; i < size; i++) {
        String subject = "subject." + random.nextInt(10);
        subjects.add(subject);
        frame.addMessages(PublishRequest.newBuilder().setSubject(subject).setBody(BODY));
      }
      requests.onNext(frame.build());
    }
    requests.onCompleted();

    Map<String, Long> lastIds = new HashMap<>();
    int answered = 0;
    while (answered < messages) {
      for (PublishResult result : answers.next().getResultsList()) {
        String subject = subjects.get(answered++);
        assertThat(result.getId())
            .as("seed %d, message %d", seed, answered)
            .isEqualTo(lastIds.merge(subject, 1L, Long::sum));
      }
    }
    assertThat(answers.end()).isNull();
    assertThat(node().requests.published).hasValue(messages);
  }

  @Test
  void refusedMessagesAreAnsweredInTheirPlaceAndTheOthersGoOn() throws Exception {
    started = TestNode.alone(directory);
    Received<PublishStreamRequest, PublishStreamResponse> answers = Received.all();
    ClientCallStreamObserver<PublishStreamRequest> requests = open(answers);
    ByteString tooLarge = ByteString.copyFrom(new byte[LimitsConfig.DEFAULT.maxBodyBytes() + 1]);

    requests.onNext(
        PublishStreamRequest.newBuilder()
            .addMessages(message("orders"))
            .addMessages(message("bad subject"))
            .addMessages(message("orders").toBuilder().setBody(tooLarge))
            .addMessages(message("orders"))
            .build());
    requests.onNext(frame("$reserved"));
    requests.onNext(frame("orders"));
    requests.onCompleted();

    List<PublishResult> results = take(answers, 6);
    assertThat(results).extracting(PublishResult::getId).containsExactly(1L, 0L, 0L, 2L, 0L, 3L);
    assertThat(Refusal.of(results.get(1).getError()).reason()).isEqualTo("SUBJECT_INVALID");
    Refusal large = Refusal.of(results.get(2).getError());
    assertThat(large.code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
    assertThat(large.reason()).isEqualTo("BODY_TOO_LARGE");
    assertThat(Refusal.of(results.get(4).getError()).code()).isEqualTo(Code.PERMISSION_DENIED);
    assertThat(answers.end()).isNull();
    assertThat(node().requests.errors).hasSize(3);
  }

  @Test
  void failureOfAShardIsAnsweredInPlaceWithAHintToRetry() throws Exception {
    started = nodeWithHeldShards(LimitsConfig.DEFAULT);
    Received<PublishStreamRequest, PublishStreamResponse> answers = Received.all();
    ClientCallStreamObserver<PublishStreamRequest> requests = open(answers);
    requests.onNext(frame("orders"));
    Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> heldMessages() == 1);
    held.forEach(shard -> shard.fail(new BrokerException(Reason.NO_QUORUM, "no majority")));

    Refusal refusal = Refusal.of(take(answers, 1).get(0).getError());

    assertThat(refusal.code()).isEqualTo(Code.UNAVAILABLE);
    assertThat(refusal.reason()).isEqualTo("NO_QUORUM");
    assertThat(refusal.retryMillis()).isEqualTo(500);
    requests.onCompleted();
    assertThat(answers.end()).isNull();
  }

  @Test
  void undecodableFrameEndsTheStreamAfterWhatCameBeforeIsAnswered() throws Exception {
    started = TestNode.alone(directory);
    Received<byte[], byte[]> answers = Received.all();
    StreamObserver<byte[]> requests =
        ClientCalls.asyncBidiStreamingCall(
            node()
                .channel()
                .newCall(
                    RawMethod.of("broker.Broker/PublishStream", MethodType.BIDI_STREAMING),
                    CallOptions.DEFAULT),
            answers);

    requests.onNext(frame("orders").toByteArray());
    requests.onNext(new byte[] {(byte) 0xff, (byte) 0xff});
    requests.onNext(frame("orders").toByteArray());

    Refusal end = Refusal.of(answers.end());
    assertThat(end.code()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(end.reason()).isEqualTo("MALFORMED_REQUEST");
    assertThat(PublishStreamResponse.parseFrom(answers.next()).getResults(0).getId()).isEqualTo(1);
    assertThat(answers.waiting()).isZero();
  }

  @Test
  void emptyFrameEndsTheStream() throws Exception {
    started = TestNode.alone(directory);
    Received<PublishStreamRequest, PublishStreamResponse> answers = Received.all();
    open(answers).onNext(PublishStreamRequest.getDefaultInstance());

    Refusal end = Refusal.of(answers.end());
    assertThat(end.code()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(end.reason()).isEqualTo("BATCH_INVALID");
  }

  @Test
  void serverStopsReadingWhileTooManyMessagesAreUnanswered() throws Exception {
    started = nodeWithHeldShards(TestLimits.read(Map.of("maxUnansweredMessages", 100)));
    Received<PublishStreamRequest, PublishStreamResponse> answers = Received.all();
    ClientCallStreamObserver<PublishStreamRequest> requests = open(answers);
    int messages = 10_000;
    for (int i = 0; i < messages; i++) {
      requests.onNext(
          PublishStreamRequest.newBuilder()
              .addMessages(message("orders").toBuilder().setBody(KIB))
              .build());
    }
    // 10 MB sent: far more than the windows of the connection take.
    Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> heldMessages() >= 100);
    Awaitility.await()
        .during(300, TimeUnit.MILLISECONDS)
        .atMost(10, TimeUnit.SECONDS)
        .until(() -> heldMessages() == 100);
    assertThat(requests.isReady()).isFalse();

    held.forEach(HeldShard::release);
    requests.onCompleted();

    List<PublishResult> results = take(answers, messages);
    for (int i = 0; i < messages; i++) {
      assertThat(results.get(i).getId()).isEqualTo(i + 1);
    }
    assertThat(answers.end()).isNull();
  }

  @Test
  void serverStopsReadingWhileTooManyBytesAreUnanswered() throws Exception {
    started = nodeWithHeldShards(TestLimits.read(Map.of("maxUnansweredBytes", 64 * 1024)));
    Received<PublishStreamRequest, PublishStreamResponse> answers = Received.all();
    ClientCallStreamObserver<PublishStreamRequest> requests = open(answers);
    for (int i = 0; i < 1000; i++) {
      requests.onNext(
          PublishStreamRequest.newBuilder()
              .addMessages(message("orders").toBuilder().setBody(KIB))
              .build());
    }

    Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> heldMessages() > 50);
    Awaitility.await()
        .during(300, TimeUnit.MILLISECONDS)
        .atMost(10, TimeUnit.SECONDS)
        .until(() -> heldMessages() <= 64);

    held.forEach(HeldShard::release);
    assertThat(take(answers, 1000)).extracting(PublishResult::getId).doesNotContain(0L);
    requests.onCompleted();
    assertThat(answers.end()).isNull();
  }

  @Test
  void clientThatDoesNotReadItsAnswersIsNotReadFromEither() throws Exception {
    started = TestNode.alone(directory, TestLimits.read(Map.of("maxUnansweredMessages", 1000)));
    Received<PublishStreamRequest, PublishStreamResponse> answers = Received.byHand();
    ClientCallStreamObserver<PublishStreamRequest> requests = open(answers);
    int messages = 100_000;
    for (int i = 0; i < messages / 1000; i++) {
      PublishStreamRequest.Builder frame = PublishStreamRequest.newBuilder();
      for (int j = 0; j < 1000; j++) {
        // Refused, because such answers are large.
        frame.addMessages(message("not allowed"));
      }
      requests.onNext(frame.build());
    }

    Awaitility.await()
        .during(300, TimeUnit.MILLISECONDS)
        .atMost(20, TimeUnit.SECONDS)
        .until(() -> node().requests.errors.size(), n -> n > 0 && n < messages / 2);

    answers.request(Integer.MAX_VALUE);
    requests.onCompleted();
    assertThat(take(answers, messages)).allMatch(PublishResult::hasError);
    assertThat(answers.end()).isNull();
  }

  @Test
  void halfClosedStreamAnswersEverythingBeforeItEnds() throws Exception {
    started = nodeWithHeldShards(LimitsConfig.DEFAULT);
    Received<PublishStreamRequest, PublishStreamResponse> answers = Received.all();
    ClientCallStreamObserver<PublishStreamRequest> requests = open(answers);
    requests.onNext(frame("orders"));
    requests.onNext(frame("invoices"));
    requests.onCompleted();
    Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> heldMessages() == 2);
    assertThat(answers.hasEnded()).isFalse();

    held.forEach(HeldShard::release);

    assertThat(take(answers, 2)).extracting(PublishResult::getId).containsExactly(1L, 1L);
    assertThat(answers.end()).isNull();
  }

  @Test
  void answersOfAFrameWaitForTheOneBeforeIt() throws Exception {
    started = nodeWithHeldShards(LimitsConfig.DEFAULT);
    Received<PublishStreamRequest, PublishStreamResponse> answers = Received.all();
    ClientCallStreamObserver<PublishStreamRequest> requests = open(answers);
    String[] subjects = subjectsOfDifferentShards();
    requests.onNext(frame(subjects[0]));
    requests.onNext(
        PublishStreamRequest.newBuilder()
            .addMessages(message(subjects[1]))
            .addMessages(message("bad subject"))
            .build());
    Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> heldMessages() == 2);

    shardOf(subjects[1]).release();
    Awaitility.await()
        .during(200, TimeUnit.MILLISECONDS)
        .atMost(10, TimeUnit.SECONDS)
        .until(() -> answers.waiting() == 0);
    shardOf(subjects[0]).release();

    List<PublishResult> results = take(answers, 3);
    assertThat(results).extracting(PublishResult::getId).containsExactly(1L, 1L, 0L);
    requests.onCompleted();
    assertThat(answers.end()).isNull();
  }

  @Test
  void cancelledStreamIsForgotten() throws Exception {
    started = nodeWithHeldShards(TestLimits.read(Map.of("maxStreamsPerConnection", 1)));
    Received<PublishStreamRequest, PublishStreamResponse> answers = Received.all();
    open(answers).onNext(frame("orders"));
    Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> heldMessages() == 1);

    answers.cancel();
    held.forEach(HeldShard::release);

    assertThat(Refusal.of(answers.end()).code()).isEqualTo(Code.CANCELLED);
    // There is room for another stream only once the first one is gone.
    Awaitility.await()
        .atMost(10, TimeUnit.SECONDS)
        .until(
            () -> {
              Received<PublishStreamRequest, PublishStreamResponse> second = Received.all();
              open(second).onNext(frame("orders"));
              return Awaitility.await()
                      .atMost(10, TimeUnit.SECONDS)
                      .until(() -> second.hasEnded() || second.waiting() > 0, done -> done)
                  && second.waiting() > 0;
            });
  }

  @Test
  void stoppingNodeAnswersWhatItReadAndEndsTheStream() throws Exception {
    started = nodeWithHeldShards(LimitsConfig.DEFAULT);
    Received<PublishStreamRequest, PublishStreamResponse> answers = Received.all();
    open(answers).onNext(frame("orders"));
    Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> heldMessages() == 1);

    node().server.drain();
    assertThat(answers.hasEnded()).isFalse();
    held.forEach(HeldShard::release);

    assertThat(take(answers, 1).get(0).getId()).isEqualTo(1);
    Refusal end = Refusal.of(answers.end());
    assertThat(end.code()).isEqualTo(Code.UNAVAILABLE);
    assertThat(end.reason()).isEqualTo("SHUTTING_DOWN");
    assertThat(end.retryMillis()).isPositive();
  }

  private TestNode node() {
    if (started == null) {
      throw new IllegalStateException("the test starts its node first");
    }
    return started;
  }

  private TestNode nodeWithHeldShards(LimitsConfig limits) {
    return TestNode.alone(
        directory,
        limits,
        shard -> {
          HeldShard around = new HeldShard(shard);
          held.add(around);
          return around;
        });
  }

  private int heldMessages() {
    return held.stream().mapToInt(HeldShard::heldMessages).sum();
  }

  /** Names whose messages go different ways; found by trying, which changes nothing here. */
  private String[] subjectsOfDifferentShards() {
    String first = "a0";
    for (int i = 1; ; i++) {
      if (shardOf("a" + i) != shardOf(first)) {
        return new String[] {first, "a" + i};
      }
    }
  }

  private HeldShard shardOf(String subject) {
    return (HeldShard) new Shards(held).of(new Subject(subject));
  }

  private ClientCallStreamObserver<PublishStreamRequest> open(
      StreamObserver<PublishStreamResponse> answers) {
    return (ClientCallStreamObserver<PublishStreamRequest>)
        node().asyncBroker().publishStream(answers);
  }

  private static List<PublishResult> take(Received<?, PublishStreamResponse> answers, int results)
      throws InterruptedException {
    List<PublishResult> taken = new ArrayList<>();
    while (taken.size() < results) {
      taken.addAll(answers.next().getResultsList());
    }
    assertThat(taken).hasSize(results);
    return taken;
  }

  private static PublishStreamRequest frame(String subject) {
    return PublishStreamRequest.newBuilder().addMessages(message(subject)).build();
  }

  private static PublishRequest message(String subject) {
    return PublishRequest.newBuilder().setSubject(subject).setBody(BODY).build();
  }
}
