package org.raftbroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.SubscribeRequest;

/** Each limit of a connection, attacked from outside; the others are served meanwhile. */
final class AttacksTest {
  private static final int MAX_CALLS = 50;
  private static final int MAX_STREAMS = 2;

  @TempDir static Path directory;
  private static TestNode node;

  @BeforeAll
  static void start() {
    node =
        TestNode.alone(
            directory,
            TestLimits.read(
                Map.of(
                    "maxCallsPerConnection",
                    MAX_CALLS,
                    "maxStreamsPerConnection",
                    MAX_STREAMS,
                    "maxResetsPerWindow",
                    100,
                    "handshakeTimeout",
                    Duration.ofSeconds(1))));
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @AfterEach
  void othersAreServed() {
    assertThat(
            node.broker().publish(PublishRequest.newBuilder().setSubject("good").build()).getId())
        .isPositive();
  }

  @Test
  void floodOfResetsEndsTheConnection() throws IOException {
    try (RawHttp2 client = new RawHttp2(node.port())) {
      RawHttp2.Frame end =
          client.awaitEnd(
              () -> {
                for (int i = 0; i < 10_000; i++) {
                  client.call(2 * i + 1, "/broker.Broker/Subscribe", 0);
                  client.reset(2 * i + 1);
                }
              },
              frame -> frame.type() == RawHttp2.GOAWAY);
      if (end != null) {
        assertThat(end.errorCode()).isEqualTo(RawHttp2.ENHANCE_YOUR_CALM);
      }
    }
  }

  @Test
  void floodOfPingsEndsTheConnection() throws IOException {
    try (RawHttp2 client = new RawHttp2(node.port())) {
      RawHttp2.Frame end =
          client.awaitEnd(
              () -> {
                for (int i = 0; i < 20; i++) {
                  client.frame(RawHttp2.PING, 0, 0, new byte[8]);
                }
              },
              frame -> frame.type() == RawHttp2.GOAWAY);
      if (end != null) {
        assertThat(end.errorCode()).isEqualTo(RawHttp2.ENHANCE_YOUR_CALM);
      }
    }
  }

  @Test
  void callsBeyondTheLimitOfAConnectionAreRefused() throws IOException {
    try (RawHttp2 client = new RawHttp2(node.port())) {
      // Unary calls that never come to an end, because their request does not.
      for (int i = 0; i <= MAX_CALLS; i++) {
        client.call(2 * i + 1, "/broker.Broker/Publish", 0);
      }

      RawHttp2.Frame refused = client.await(frame -> frame.type() == RawHttp2.RST_STREAM);

      assertThat(refused.stream()).isEqualTo(2 * MAX_CALLS + 1);
      assertThat(refused.errorCode()).isEqualTo(RawHttp2.REFUSED_STREAM);
    }
  }

  @Test
  void metadataBeyondTheLimitIsRefused() throws IOException {
    try (RawHttp2 client = new RawHttp2(node.port())) {
      // 431 on the stream, or the end of the stream or of the connection: never a call.
      RawHttp2.Frame end =
          client.awaitEnd(
              () ->
                  client.call(
                      1, "/broker.Broker/Publish", 10 * LimitsConfig.DEFAULT.maxMetadataBytes()),
              frame ->
                  frame.type() == RawHttp2.GOAWAY
                      || frame.type() == RawHttp2.RST_STREAM
                      || frame.type() == RawHttp2.HEADERS);
      if (end != null && end.type() == RawHttp2.HEADERS) {
        assertThat(end.flags() & RawHttp2.END_STREAM).isNotZero();
      }
    }
  }

  @Test
  void frameThatClaimsFourGigabytesEndsItsCallAtOnce() throws IOException {
    try (RawHttp2 client = new RawHttp2(node.port())) {
      client.call(1, "/broker.Broker/Publish", 0);
      client.frame(RawHttp2.DATA, 0, 1, new byte[] {0, -1, -1, -1, -1, 7});

      RawHttp2.Frame end =
          client.await(
              frame ->
                  frame.stream() == 1
                      && (frame.type() == RawHttp2.RST_STREAM
                          || (frame.flags() & RawHttp2.END_STREAM) != 0));
      assertThat(end).isNotNull();
    }
  }

  @Test
  void connectionThatSaysNothingIsClosed() throws IOException {
    try (Socket silent = new Socket(InetAddress.getLoopbackAddress(), node.port())) {
      silent.setSoTimeout(20_000);
      byte[] greeting = silent.getInputStream().readAllBytes(); // up to the end of the connection
      assertThat(greeting.length).isLessThan(1024);
    }
  }

  @Test
  void streamsBeyondTheLimitOfAConnectionAreRefusedUntilOneEnds() throws Exception {
    ManagedChannel channel = node.newChannel();
    try {
      Received<SubscribeRequest, MessageResponse> first = subscribe(channel);
      Received<SubscribeRequest, MessageResponse> second = subscribe(channel);
      Awaitility.await()
          .atMost(10, TimeUnit.SECONDS)
          .until(() -> node.delivery.subscriptions() == MAX_STREAMS);

      Refusal third = Refusal.of(subscribe(channel).end());

      assertThat(third.code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
      assertThat(third.reason()).isEqualTo("TOO_MANY_STREAMS");
      assertThat(third.message()).contains("limits.maxStreamsPerConnection");

      first.cancel();
      Awaitility.await()
          .atMost(10, TimeUnit.SECONDS)
          .until(() -> node.delivery.subscriptions() == MAX_STREAMS - 1);
      Received<SubscribeRequest, MessageResponse> fourth = subscribe(channel);
      Awaitility.await()
          .atMost(10, TimeUnit.SECONDS)
          .until(() -> node.delivery.subscriptions() == MAX_STREAMS);
      second.cancel();
      fourth.cancel();
    } finally {
      channel.shutdownNow();
    }
  }

  private static Received<SubscribeRequest, MessageResponse> subscribe(ManagedChannel channel) {
    Received<SubscribeRequest, MessageResponse> subscriber = Received.all();
    BrokerGrpc.newStub(channel)
        .subscribe(SubscribeRequest.newBuilder().setSubject("orders").build(), subscriber);
    return subscriber;
  }
}
