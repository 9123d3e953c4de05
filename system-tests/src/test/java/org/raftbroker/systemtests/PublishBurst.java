package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.PublishResult;
import org.raftbroker.proto.PublishStreamRequest;
import org.raftbroker.proto.PublishStreamResponse;
import org.raftbroker.systemtests.cluster.NodeClient;
import org.raftbroker.systemtests.history.Attempt;
import org.raftbroker.systemtests.history.History;

/**
 * Publishes many messages on a subject that nobody else uses, over one stream, as fast as its flow
 * control lets it, and asserts that their ids are 1, 2, 3, … in request order.
 */
final class PublishBurst
    implements ClientResponseObserver<PublishStreamRequest, PublishStreamResponse> {
  private static final int FRAME = 100;
  private static final Duration BOUND = Duration.ofMinutes(3);

  private final String subject;
  private final List<ByteString> bodies;
  private final @Nullable History history;
  private final List<Attempt> attempts = new ArrayList<>();
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  // Both are only touched in callbacks, of which there is one at a time.
  private int sent;
  private int answered;

  private PublishBurst(String subject, List<ByteString> bodies, @Nullable History history) {
    this.subject = subject;
    this.bodies = bodies;
    this.history = history;
  }

  static List<ByteString> publish(NodeClient node, String subject, int count, int bodyBytes)
      throws InterruptedException {
    return publish(node, subject, count, bodyBytes, null);
  }

  /**
   * @param history where each publish is recorded; null: nowhere
   */
  static List<ByteString> publish(
      NodeClient node, String subject, int count, int bodyBytes, @Nullable History history)
      throws InterruptedException {
    List<ByteString> bodies = new ArrayList<>(count);
    for (int i = 1; i <= count; i++) {
      byte[] number = Integer.toString(i).getBytes(StandardCharsets.UTF_8);
      byte[] body = Arrays.copyOf(number, bodyBytes);
      Arrays.fill(body, number.length, bodyBytes, (byte) '.');
      bodies.add(ByteString.copyFrom(body));
    }
    PublishBurst burst = new PublishBurst(subject, bodies, history);
    BrokerGrpc.newStub(node.channel()).publishStream(burst);
    try {
      burst.done.get(BOUND.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new AssertionError(
          "publishing on " + subject + " broke off after " + burst.answered + " answers", e);
    }
    assertThat(burst.answered).isEqualTo(count);
    return bodies;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<PublishStreamRequest> requests) {
    requests.setOnReadyHandler(() -> send(requests));
  }

  private void send(ClientCallStreamObserver<PublishStreamRequest> requests) {
    while (requests.isReady() && sent < bodies.size()) {
      PublishStreamRequest.Builder frame = PublishStreamRequest.newBuilder();
      for (int end = Math.min(sent + FRAME, bodies.size()); sent < end; sent++) {
        if (history != null) {
          attempts.add(
              history.publish(subject, bodies.get(sent), null).attempt("burst", System.nanoTime()));
        }
        frame.addMessages(
            PublishRequest.newBuilder().setSubject(subject).setBody(bodies.get(sent)));
      }
      requests.onNext(frame.build());
      if (sent == bodies.size()) {
        requests.onCompleted();
      }
    }
  }

  @Override
  public void onNext(PublishStreamResponse response) {
    for (PublishResult result : response.getResultsList()) {
      assertThat(result.hasError()).as("answer %d: %s", answered + 1, result).isFalse();
      assertThat(result.getId()).as("id of request %d", answered + 1).isEqualTo(answered + 1);
      if (history != null) {
        attempts.get(answered).acknowledged(result.getId(), System.nanoTime());
      }
      answered++;
    }
  }

  @Override
  public void onError(Throwable failure) {
    done.completeExceptionally(failure);
  }

  @Override
  public void onCompleted() {
    done.complete(null);
  }
}
