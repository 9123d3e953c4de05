package org.raftbroker.systemtests;

import com.google.protobuf.ByteString;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.PublishResponse;
import org.raftbroker.systemtests.cluster.NodeClient;

/**
 * Publishes at a steady rate, whatever is answered, each body once and without a key, and remembers
 * the answers. Any thread may ask for them.
 */
final class SteadyPublisher implements AutoCloseable {
  private static final Duration DEADLINE = Duration.ofSeconds(20);
  private static final Metadata.Key<String> PUSHBACK =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

  private final NodeClient client;
  private final String subject;
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final AtomicInteger offered = new AtomicInteger();
  private final AtomicInteger limited = new AtomicInteger();
  private final AtomicInteger answered = new AtomicInteger();
  private final Map<Long, String> acknowledged = new ConcurrentHashMap<>();
  private final List<Throwable> failures = new CopyOnWriteArrayList<>();

  private SteadyPublisher(NodeClient client, String subject) {
    this.client = client;
    this.subject = subject;
  }

  static SteadyPublisher start(NodeClient client, String subject, int perSecond) {
    SteadyPublisher publisher = new SteadyPublisher(client, subject);
    var unused =
        publisher.timer.scheduleAtFixedRate(
            publisher::publish, 0, TimeUnit.SECONDS.toNanos(1) / perSecond, TimeUnit.NANOSECONDS);
    return publisher;
  }

  private void publish() {
    String body = client.node() + " " + offered.incrementAndGet();
    PublishRequest request =
        PublishRequest.newBuilder()
            .setSubject(subject)
            .setBody(ByteString.copyFromUtf8(body))
            .build();
    BrokerGrpc.newStub(client.channel())
        .withDeadlineAfter(DEADLINE.toSeconds(), TimeUnit.SECONDS)
        .publish(
            request,
            new StreamObserver<>() {
              @Override
              public void onNext(PublishResponse response) {
                acknowledged.put(response.getId(), body);
              }

              @Override
              public void onError(Throwable failure) {
                if (isLimit(failure)) {
                  limited.incrementAndGet();
                } else {
                  failures.add(failure);
                }
                answered.incrementAndGet();
              }

              @Override
              public void onCompleted() {
                answered.incrementAndGet();
              }
            });
  }

  /** Whether a client is told all that it needs: that it was limited, and when to try again. */
  private static boolean isLimit(Throwable failure) {
    Refusal refusal = Refusal.of(StatusProto.fromThrowable(failure), Status.fromThrowable(failure));
    Metadata trailers = Status.trailersFromThrowable(failure);
    return refusal.code() == Status.Code.RESOURCE_EXHAUSTED
        && refusal.reason().equals("RATE_LIMITED")
        && refusal.hasRetryInfo()
        && trailers != null
        && "1000".equals(trailers.get(PUSHBACK));
  }

  int offered() {
    return offered.get();
  }

  /** Refused by a limit, with all that belongs to such a refusal. */
  int limited() {
    return limited.get();
  }

  /** What was acknowledged so far, by id. */
  Map<Long, String> acknowledged() {
    return acknowledged;
  }

  /** What came instead of an id and is no limit. */
  List<Throwable> failures() {
    return failures;
  }

  /** Publishes no more, and returns once everything is answered. */
  void stop() {
    timer.shutdown();
    Awaitility.await("every publish is answered")
        .atMost(DEADLINE.plusSeconds(5))
        .until(() -> timer.isTerminated() && answered.get() == offered.get());
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
