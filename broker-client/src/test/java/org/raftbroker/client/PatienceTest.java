package org.raftbroker.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.raftbroker.client.FailingNode.NO_QUORUM;
import static org.raftbroker.client.FailingNode.TOO_MANY_PENDING;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the client asks again, where and for how long: {@link BrokerClient.Builder#patience}. */
class PatienceTest {
  private static final ByteString BODY = ByteString.copyFromUtf8("hello");

  /** Much longer than a test takes: what waits for it is noticed at {@link #BOUND}. */
  private static final Duration TIMEOUT = Duration.ofMinutes(5);

  private static final Duration BOUND = Duration.ofSeconds(30);

  @Test
  void withoutPatienceEachNodeIsAskedOnce() throws Exception {
    try (FailingNode one = FailingNode.failing(Integer.MAX_VALUE, NO_QUORUM);
        FailingNode two = FailingNode.failing(Integer.MAX_VALUE, NO_QUORUM);
        BrokerClient client = impatient(one.address(), two.address())) {
      assertThat(failure(client.fetch("orders", 1)).reason()).isEqualTo("NO_QUORUM");

      assertThat(one.calls()).isEqualTo(1);
      assertThat(two.calls()).isEqualTo(1);
    }
  }

  @Test
  void withoutPatienceItFailsAtOnceWhereNobodyListens() throws Exception {
    try (BrokerClient client = impatient(gone(), gone());
        Publisher publisher = client.publisher()) {
      assertThat(failure(client.fetch("orders", 1)).neverSent()).isTrue();
      assertThat(failure(client.publish("orders", BODY)).neverSent()).isTrue();
      assertThat(failure(publisher.publish("orders", BODY)).neverSent()).isTrue();
      assertThatThrownBy(() -> client.subscribe("orders", StartAt.earliest()))
          .isInstanceOfSatisfying(
              BrokerClientException.class, e -> assertThat(e.neverSent()).isTrue());
    }
  }

  @Test
  void withoutPatienceTheNextNodeIsAskedAllTheSame() throws Exception {
    try (FailingNode node = FailingNode.serving()) {
      String gone = gone();
      try (BrokerClient client = impatient(gone, node.address())) {
        assertThat(get(client.fetch("orders", 1)).getBody()).isEqualTo(BODY);
      }
      try (BrokerClient client = impatient(gone, node.address());
          Publisher publisher = client.publisher()) {
        assertThat(get(publisher.publish("orders", BODY))).isEqualTo(1);
      }
      try (BrokerClient client = impatient(gone, node.address());
          Subscription orders = client.subscribe("orders", StartAt.earliest())) {
        assertThat(orders.next().getId()).isEqualTo(1);
      }
    }
  }

  @Test
  void withPatienceItGoesOnUntilANodeServes() throws Exception {
    try (FailingNode node = FailingNode.failing(3, NO_QUORUM);
        BrokerClient client = impatient(node.address()).withPatience(TIMEOUT)) {
      assertThat(get(client.publish("orders", BODY))).isEqualTo(1);

      assertThat(node.keys()).hasSize(4).doesNotContain("").containsOnly(node.keys().get(0));
    }
  }

  @Test
  void publisherGoesOnWithTheKeysThatItHasGiven() throws Exception {
    try (FailingNode one = FailingNode.failing(2, NO_QUORUM);
        FailingNode two = FailingNode.failing(1, NO_QUORUM);
        BrokerClient client =
            BrokerClient.builder(one.address(), two.address()).timeout(TIMEOUT).build();
        Publisher publisher = client.publisher()) {
      assertThat(get(publisher.publish("orders", BODY))).isEqualTo(1);

      List<String> keys = Stream.concat(one.keys().stream(), two.keys().stream()).toList();
      assertThat(keys).hasSize(4).doesNotContain("").containsOnly(keys.get(0));
    }
  }

  @Test
  void publisherWithoutPatienceAsksEachNodeOnce() throws Exception {
    try (FailingNode one = FailingNode.failing(Integer.MAX_VALUE, NO_QUORUM);
        FailingNode two = FailingNode.failing(Integer.MAX_VALUE, NO_QUORUM);
        BrokerClient client = impatient(one.address(), two.address());
        Publisher publisher = client.publisher()) {
      assertThat(failure(publisher.publish("orders", BODY)).reason()).isEqualTo("NO_QUORUM");

      assertThat(one.calls()).isEqualTo(1);
      assertThat(two.calls()).isEqualTo(1);
    }
  }

  @Test
  void whatANodeSaidTellsMoreThanThatAnotherOneIsGone() throws Exception {
    try (FailingNode node = FailingNode.failing(Integer.MAX_VALUE, NO_QUORUM);
        BrokerClient client = impatient(node.address(), gone())) {
      assertThat(failure(client.fetch("orders", 1)).reason()).isEqualTo("NO_QUORUM");
    }
  }

  @Test
  void nodeThatWantsAPauseGetsItAndNoOtherIsAsked() throws Exception {
    try (FailingNode one = FailingNode.failing(2, TOO_MANY_PENDING);
        FailingNode two = FailingNode.serving();
        BrokerClient client = impatient(one.address(), two.address())) {
      assertThat(failure(client.publish("orders", BODY)).retryAfter())
          .contains(Duration.ofMillis(FailingNode.PAUSE_MILLIS));

      long before = System.nanoTime();
      assertThat(get(client.withPatience(TIMEOUT).publish("orders", BODY))).isEqualTo(1);
      assertThat(Duration.ofNanos(System.nanoTime() - before))
          .isGreaterThanOrEqualTo(Duration.ofMillis(FailingNode.PAUSE_MILLIS));

      assertThat(one.calls()).isEqualTo(3);
      assertThat(two.calls()).isZero();
    }
  }

  @Test
  void whatMayHaveHappenedIsNotRepeatedWithAnyPatience() throws Exception {
    try (FailingNode one = FailingNode.failing(1, NO_QUORUM);
        FailingNode two = FailingNode.serving();
        BrokerClient client =
            BrokerClient.builder(one.address(), two.address()).timeout(TIMEOUT).build()) {
      assertThat(failure(client.reserve("orders", 10)).reason()).isEqualTo("NO_QUORUM");

      assertThat(two.calls()).isZero();
    }
  }

  @Test
  void nodesThatItLearnsOfAreAskedWhenOthersFail() throws Exception {
    try (FailingNode node = FailingNode.serving();
        BrokerClient client = impatient(gone())) {
      client.alsoAsk(List.of(node.address()));

      assertThat(get(client.fetch("orders", 1)).getId()).isEqualTo(1);
    }
  }

  @Test
  void timeoutEndsTheLongestPatience() throws Exception {
    try (FailingNode node = FailingNode.failing(Integer.MAX_VALUE, NO_QUORUM);
        BrokerClient client =
            BrokerClient.builder(node.address())
                .timeout(Duration.ofMillis(300))
                .patience(TIMEOUT)
                .build()) {
      assertThat(failure(client.fetch("orders", 1)).reason()).isEqualTo("NO_QUORUM");

      assertThat(node.calls()).isGreaterThan(1);
    }
  }

  private static BrokerClient impatient(String... addresses) {
    return BrokerClient.builder(addresses).timeout(TIMEOUT).patience(Duration.ZERO).build();
  }

  /** Where a node was, and nobody listens any more. */
  private static String gone() throws IOException {
    try (FailingNode node = FailingNode.serving()) {
      return node.address();
    }
  }

  private static BrokerClientException failure(CompletableFuture<?> call) throws Exception {
    try {
      throw new AssertionError("answered with " + get(call));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof BrokerClientException failure) {
        return failure;
      }
      throw e;
    }
  }

  private static <T> T get(CompletableFuture<T> call)
      throws InterruptedException, ExecutionException, TimeoutException {
    return call.get(BOUND.toSeconds(), TimeUnit.SECONDS);
  }
}
