package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.PublishBatchRequest;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.systemtests.cluster.ClusterSpec;
import org.raftbroker.systemtests.cluster.LocalCluster;

/** Messages with a trace context, and a collector that takes what nodes send of them. */
@Tag("system")
class TracingTest {
  private static final Duration BOUND = Duration.ofMinutes(1);
  private static final String FOLLOWED = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String NOT_SAMPLED = "0af7651916cd43dd8448eb211c80319c";
  private static final String IN_A_BATCH = "5b8aa5a2d2c872e8321cf37308d69df2";

  @RegisterExtension final OwnCluster clusters = new OwnCluster();

  @TempDir Path directory;

  /** Requests as bytes: what is asked of them, ids and names, stands in them as it is. */
  private final List<String> received = new CopyOnWriteArrayList<>();

  @Test
  void messageIsFollowedFromItsPublisherToASubscriberElsewhere() throws IOException {
    HttpServer collector = collector();
    try {
      LocalCluster cluster =
          clusters.start(
              ClusterSpec.DEFAULT.withSettings(
                  "tracing:\n  endpoint: http://127.0.0.1:"
                      + collector.getAddress().getPort()
                      + "\n"),
              directory);
      publish(cluster, "unsampled", NOT_SAMPLED, "00");
      publish(cluster, "followed", FOLLOWED, "01");
      publishBatch(cluster);
      Iterator<MessageResponse> messages =
          cluster
              .client(2)
              .broker(BOUND)
              .subscribe(
                  SubscribeRequest.newBuilder().setSubject("traced").setFromEarliest(true).build());
      assertThat(messages.next().getBody().toStringUtf8()).isEqualTo("unsampled");
      MessageResponse followed = messages.next();
      assertThat(followed.getHeadersMap()).containsEntry("traceparent", context(FOLLOWED, "01"));

      await(FOLLOWED, "publish traced", "n1");
      await(FOLLOWED, "commit traced", "n1");
      await(FOLLOWED, "deliver traced", "n2");
      await(IN_A_BATCH, "publish batched", "n1");
      // It was there before those that have come.
      assertThat(received).noneMatch(request -> request.contains(bytes(NOT_SAMPLED)));

      collector.stop(0);
      publish(cluster, "without a collector", FOLLOWED, "01");
      assertThat(messages.next().getBody().toStringUtf8()).isEqualTo("without a collector");
    } finally {
      collector.stop(0);
    }
  }

  private static void publish(LocalCluster cluster, String body, String traceId, String flags) {
    cluster.client(1).broker(BOUND).publish(message("traced", body, traceId, flags));
  }

  private static void publishBatch(LocalCluster cluster) {
    cluster
        .client(1)
        .broker(BOUND)
        .publishBatch(
            PublishBatchRequest.newBuilder()
                .addMessages(message("batched", "in a batch", IN_A_BATCH, "01"))
                .build());
  }

  private static PublishRequest message(String subject, String body, String traceId, String flags) {
    return PublishRequest.newBuilder()
        .setSubject(subject)
        .setBody(ByteString.copyFromUtf8(body))
        .putHeaders("traceparent", context(traceId, flags))
        .build();
  }

  private static String context(String traceId, String flags) {
    return "00-" + traceId + "-00f067aa0ba902b7-" + flags;
  }

  private HttpServer collector() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/traces",
        exchange -> {
          try (exchange) {
            byte[] request = exchange.getRequestBody().readAllBytes();
            received.add(new String(request, StandardCharsets.ISO_8859_1));
            exchange.sendResponseHeaders(200, -1);
          }
        });
    server.start();
    return server;
  }

  /** Waits for a request of this node with a span of this name and trace. */
  private void await(String traceId, String name, String node) {
    Awaitility.await(name + " from " + node)
        .atMost(BOUND)
        .until(
            () ->
                received.stream()
                    .anyMatch(
                        request ->
                            request.contains(bytes(traceId))
                                && request.contains(name)
                                && request.contains(
                                    "service.instance.id\u0012\u0004\n\u0002" + node)));
  }

  private static String bytes(String hex) {
    return new String(HexFormat.of().parseHex(hex), StandardCharsets.ISO_8859_1);
  }
}
