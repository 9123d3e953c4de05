package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.grpc.Status.Code;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.raftbroker.client.BrokerClient;
import org.raftbroker.client.BrokerClientException;
import org.raftbroker.client.Publisher;
import org.raftbroker.client.StartAt;
import org.raftbroker.client.Subscription;
import org.raftbroker.client.SubscriptionListener;
import org.raftbroker.client.SubscriptionOptions;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.systemtests.cluster.LocalCluster;

/** The client for Java, against nodes that die. */
@Tag("system")
@SharedCluster.Usual
class JavaClientTest {
  private static final Duration BOUND = Duration.ofMinutes(2);
  private static final int MESSAGES = 30_000;

  @Test
  void publisherAndSubscriptionOutliveTheirNodes(LocalCluster cluster) throws Exception {
    List<String> breaks = Collections.synchronizedList(new ArrayList<>());
    try (BrokerClient client = client(cluster);
        Subscription subscription =
            client.subscribe(
                SubscriptionOptions.of("java.many")
                    .startingAt(StartAt.earliest())
                    .listenedToBy(noting(breaks)))) {
      CompletableFuture<List<String>> received =
          CompletableFuture.supplyAsync(() -> take(subscription, MESSAGES));

      List<CompletableFuture<Long>> ids = new ArrayList<>();
      try (Publisher publisher = client.publisher()) {
        for (int i = 1; i <= MESSAGES; i++) {
          ids.add(publisher.publish("java.many", body("message " + i)));
          if (i == MESSAGES / 3) {
            publisher.flush();
            cluster.node(1).kill(); // the one that both are connected to
          }
          if (i == MESSAGES * 2 / 3) {
            cluster.restart(1);
            cluster.killLeader(0);
          }
        }
      }

      // In the order of the calls, each once: what went again is what was never answered.
      assertThat(ids.stream().map(CompletableFuture::join))
          .isEqualTo(LongStream.rangeClosed(1, MESSAGES).boxed().toList());
      assertThat(get(received))
          .isEqualTo(
              IntStream.rangeClosed(1, MESSAGES).mapToObj(i -> i + " message " + i).toList());
      assertThat(breaks).as("breaks of the subscription").isNotEmpty();
    }
  }

  @Test
  void callsGoOnAtAnotherNode(LocalCluster cluster) throws Exception {
    try (BrokerClient client = client(cluster)) {
      long first = get(client.publish("java.one", body("first")));

      cluster.node(1).kill();

      long second = get(client.publish("java.one", body("second")));
      assertThat(second).isEqualTo(first + 1);
      assertThat(get(client.fetch("java.one", first)).getBody()).isEqualTo(body("first"));
      assertThat(get(client.reserve("java.one", 10))).isEqualTo(second + 10);
    }
  }

  @Test
  void pausedNodeIsGivenUpAfterTheAttemptTimeout(LocalCluster cluster) throws Exception {
    try (BrokerClient client =
            BrokerClient.builder(addresses(cluster)).attemptTimeout(Duration.ofSeconds(2)).build();
        Publisher publisher = client.publisher()) {
      get(publisher.publish("java.paused", body("first")));

      cluster.node(1).pause();

      assertThat(get(publisher.publish("java.paused", body("second")))).isEqualTo(2);
      assertThat(get(client.fetch("java.paused", 2)).getBody()).isEqualTo(body("second"));
    }
  }

  @Test
  void refusalsNameTheirReason(LocalCluster cluster) throws Exception {
    try (BrokerClient client = client(cluster);
        Publisher publisher = client.publisher()) {
      assertRefused(client.publish("no good", body("")), Code.INVALID_ARGUMENT, "SUBJECT_INVALID");
      assertRefused(
          publisher.publish("no good", body("")), Code.INVALID_ARGUMENT, "SUBJECT_INVALID");
      assertRefused(client.fetch("java.refused", 1), Code.NOT_FOUND, "ID_NOT_PUBLISHED");
      assertThatThrownBy(() -> client.subscribe("no good", StartAt.earliest()))
          .isInstanceOfSatisfying(
              BrokerClientException.class,
              e -> assertThat(e.reason()).isEqualTo("SUBJECT_INVALID"));
      // The stream goes on behind a message that was refused.
      assertThat(get(publisher.publish("java.refused", body("good")))).isEqualTo(1);
    }
  }

  @Test
  void closingASubscriptionEndsWhatWaitsForIt(LocalCluster cluster) throws Exception {
    try (BrokerClient client = client(cluster)) {
      Subscription subscription = client.subscribe("java.closed", StartAt.newMessages());
      CompletableFuture<List<String>> waiting =
          CompletableFuture.supplyAsync(() -> take(subscription, 1));

      subscription.close();

      assertThatThrownBy(() -> get(waiting))
          .cause()
          .hasMessageContaining("the subscription is closed");
    }
  }

  @Test
  void closingTheClientEndsWhatIsUnanswered(LocalCluster cluster) throws Exception {
    BrokerClient client = client(cluster);
    Publisher publisher = client.publisher();
    get(publisher.publish("java.ended", body("first")));
    IntStream.rangeClosed(1, cluster.size()).forEach(n -> cluster.node(n).pause());
    CompletableFuture<Long> unanswered = publisher.publish("java.ended", body("second"));
    CompletableFuture<MessageResponse> unread = client.fetch("java.ended", 1);

    client.close();

    assertThatThrownBy(() -> get(unanswered)).cause().isInstanceOf(BrokerClientException.class);
    assertThatThrownBy(() -> get(unread)).cause().isInstanceOf(BrokerClientException.class);
    publisher.close();
  }

  private static void assertRefused(CompletableFuture<?> call, Code code, String reason) {
    assertThatThrownBy(() -> get(call))
        .cause()
        .isInstanceOfSatisfying(
            BrokerClientException.class,
            e -> {
              assertThat(e.code()).isEqualTo(code);
              assertThat(e.reason()).isEqualTo(reason);
            });
  }

  private static List<String> take(Subscription subscription, int count) {
    List<String> taken = new ArrayList<>();
    try {
      while (taken.size() < count) {
        MessageResponse message = subscription.next();
        taken.add(message.getId() + " " + message.getBody().toStringUtf8());
      }
    } catch (InterruptedException e) {
      throw new CompletionException(e);
    }
    return taken;
  }

  private static SubscriptionListener noting(List<String> breaks) {
    return new SubscriptionListener() {
      @Override
      public void lost(String node, BrokerClientException why) {
        breaks.add("lost " + node + ": " + why.getMessage());
      }

      @Override
      public void resumed(String node, long fromId) {
        breaks.add("resumed at " + node + " from " + fromId);
      }
    };
  }

  private static <T> T get(CompletableFuture<T> future)
      throws InterruptedException, ExecutionException, TimeoutException {
    return future.get(BOUND.toSeconds(), TimeUnit.SECONDS);
  }

  private static ByteString body(String text) {
    return ByteString.copyFromUtf8(text);
  }

  private static BrokerClient client(LocalCluster cluster) {
    return BrokerClient.connect(addresses(cluster));
  }

  private static String[] addresses(LocalCluster cluster) {
    return IntStream.rangeClosed(1, cluster.size())
        .mapToObj(n -> cluster.node(n).place())
        .map(place -> place.clientHost() + ":" + place.grpcPort())
        .toArray(String[]::new);
  }
}
