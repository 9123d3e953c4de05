package org.raftbroker.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.grpc.Attributes;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.cluster.NodeClient;
import org.raftbroker.systemtests.cluster.PortBlock;

/**
 * A real Envoy on this machine with the configuration of {@code deploy/envoy}: only addresses and
 * directories in it are other ones, the limits that a test wants, and that clients may show
 * certificates. One thread.
 */
final class Envoy implements AutoCloseable {
  /** The limit of publishes as it stands in limits.yaml. */
  static final String PUBLISH_LIMIT =
      "&publish {tokens_per_fill: 2000, fill_interval: 1s, max_tokens: 4000}";

  /** The origins of pages as they stand in clients.yaml. */
  static final String NO_ORIGINS = "allow_origin_string_match: []";

  /** System property: the program. {@code deploy/envoy-binary} finds it if it is not set. */
  private static final String PROGRAM = "envoy";

  private static final Path SOURCE = Path.of("..", "deploy", "envoy");
  private static final Path CONTRACT = Path.of("..", "proto", "target");
  private static final Duration START_BOUND = Duration.ofSeconds(30);
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final PortBlock ports = PortBlock.reserve();
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
  private final Certificates certificates = new Certificates();
  private final Path directory;
  private final Path log;
  private final Program envoy;

  /** Where Envoy stands. */
  enum Place {
    BESIDE_NODE_1("sidecar.yaml"),
    IN_FRONT_OF_ALL("front.yaml");

    private final String bootstrap;

    Place(String bootstrap) {
      this.bootstrap = bootstrap;
    }
  }

  private Envoy(
      Path program,
      Place place,
      LocalCluster cluster,
      Map<String, String> changes,
      Path dir,
      Path log)
      throws IOException {
    this.directory = Files.createDirectories(dir.toAbsolutePath());
    this.log = log;
    certificates.writeServers(directory.resolve("tls"));
    Map<String, String> replacements = new LinkedHashMap<>(changes);
    Set<String> missing = new HashSet<>(changes.keySet());
    replacements.put("/etc/envoy-tls", directory.resolve("tls").toString());
    replacements.put("/etc/envoy-contract", CONTRACT.toRealPath().toString());
    replacements.put("/etc/envoy", directory.toString());
    replacements.put("address: 0.0.0.0, port_value: 8443", at(1));
    replacements.put("address: 127.0.0.1, port_value: 9901", at(2));
    replacements.put("address: 0.0.0.0, port_value: 9902", at(3));
    replacements.put("address: 127.0.0.1, port_value: 9091", atNode(cluster, 1));
    for (int n = 1; n <= cluster.size(); n++) {
      replacements.putIfAbsent("address: n" + n + ", port_value: 9091", atNode(cluster, n));
    }
    replacements.put(
        "validation_context: {}",
        "validation_context: {trusted_ca: {filename: " + directory.resolve("tls/ca.crt") + "}}");
    for (String file :
        List.of(
            "clients.yaml",
            "limits.yaml",
            "global-limits.yaml",
            "certificate.yaml",
            "client-certificates.yaml",
            place.bootstrap)) {
      String text = Files.readString(SOURCE.resolve(file));
      missing.removeIf(text::contains);
      for (Map.Entry<String, String> replacement : replacements.entrySet()) {
        text = text.replace(replacement.getKey(), replacement.getValue());
      }
      Files.writeString(directory.resolve(file), text);
    }
    if (!missing.isEmpty()) {
      throw new IllegalStateException(SOURCE + " does not have " + missing);
    }
    envoy =
        Program.start(
            log,
            program.toString(),
            "--config-path",
            directory.resolve(place.bootstrap).toString(),
            "--concurrency",
            "2",
            "--disable-hot-restart",
            "--reject-unknown-dynamic-fields");
  }

  /**
   * The program; its first call may have to fetch it. Skips the test, loudly, if there is none for
   * this machine.
   */
  static Path programOrSkip() {
    Optional<Path> found = program();
    Program.skipUnless(found.isPresent(), "envoy (deploy/envoy-binary says why there is none)");
    return found.get();
  }

  private static Optional<Path> program() {
    String given = System.getProperty(PROGRAM, "");
    if (!given.isEmpty()) {
      return Optional.of(Path.of(given));
    }
    try {
      Process finder =
          new ProcessBuilder("../deploy/envoy-binary")
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      String found = new String(finder.getInputStream().readAllBytes(), UTF_8).strip();
      return finder.waitFor() == 0 ? Optional.of(Path.of(found)) : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** What takes the place of {@link #PUBLISH_LIMIT}. */
  static String publishLimit(int perSecond) {
    return "&publish {tokens_per_fill: %d, fill_interval: 1s, max_tokens: %d}"
        .formatted(perSecond, perSecond);
  }

  /** What takes the place of {@link #NO_ORIGINS}. */
  static String onlyOrigin(String origin) {
    return "allow_origin_string_match: [{exact: \"" + origin + "\"}]";
  }

  /**
   * Starts one and waits until it takes clients.
   *
   * @param changes what a test wants otherwise: texts that are in the files, and by what each is
   *     replaced
   * @param directory for its configuration
   */
  static Envoy start(
      Path program,
      Place place,
      LocalCluster cluster,
      Map<String, String> changes,
      Path directory,
      Path log) {
    Envoy envoy;
    try {
      envoy = new Envoy(program, place, cluster, changes, directory, log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try {
      Awaitility.await("Envoy takes clients; " + log + " is its log")
          .atMost(START_BOUND)
          .pollInterval(Duration.ofMillis(50))
          .ignoreExceptionsInstanceOf(UncheckedIOException.class)
          .until(envoy::takesClients);
      return envoy;
    } catch (RuntimeException | Error e) {
      envoy.close();
      throw e;
    }
  }

  private boolean takesClients() {
    envoy.requireRunning();
    return metric("envoy_listener_manager_workers_started") == 1
        && metric("envoy_listener_manager_total_listeners_active") == 2
        && metric("envoy_cluster_membership_healthy{envoy_cluster_name=\"nodes\"}")
            == metric("envoy_cluster_membership_total{envoy_cluster_name=\"nodes\"}");
  }

  private String at(int port) {
    return "address: 127.0.0.1, port_value: " + ports.port(port);
  }

  private static String atNode(LocalCluster cluster, int n) {
    return "address: 127.0.0.1, port_value: " + cluster.node(n).place().grpcPort();
  }

  /** Where clients come in, and what they have to trust for it. */
  URI uri(String path) {
    return URI.create("https://127.0.0.1:" + ports.port(1) + path);
  }

  Certificates certificates() {
    return certificates;
  }

  /** A client with a certificate of its own. */
  NodeClient clientWithCertificate(String name) {
    return client(name, name, "127.0.0.1");
  }

  /** A client without a certificate, at an address of its own. */
  NodeClient clientAt(String address) {
    return client(address, null, address);
  }

  private NodeClient client(String name, @Nullable String certificate, String address) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", ports.port(1))
            .sslContext(certificates.ofClient(certificate))
            .localSocketPicker(
                new NettyChannelBuilder.LocalSocketPicker() {
                  @Override
                  public SocketAddress createSocketAddress(
                      SocketAddress remote, Attributes attributes) {
                    return new InetSocketAddress(address, 0);
                  }
                })
            .build();
    return NodeClient.over(name, channel);
  }

  /** Puts another text into the limits while Envoy runs, as whoever changes them does. */
  void changeLimits(Map<String, String> texts) {
    Path limits = directory.resolve("limits.yaml");
    try {
      String text = Files.readString(limits);
      for (Map.Entry<String, String> change : texts.entrySet()) {
        if (!text.contains(change.getKey())) {
          throw new IllegalStateException(limits + " does not have " + change.getKey());
        }
        text = text.replace(change.getKey(), change.getValue());
      }
      Path next = Files.writeString(directory.resolve("limits.yaml.next"), text);
      Files.move(next, limits, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A value that Envoy shows to Prometheus; 0 if it shows none of this name and these labels. */
  double metric(String series) {
    Pattern line = Pattern.compile("(?m)^" + Pattern.quote(series) + "(?:\\{\\})? (\\S+)$");
    var found = line.matcher(metrics());
    return found.find() ? Double.parseDouble(found.group(1)) : 0;
  }

  private String metrics() {
    URI uri = URI.create("http://127.0.0.1:" + ports.port(3) + "/stats/prometheus");
    try {
      return http.send(
              HttpRequest.newBuilder(uri).timeout(TIMEOUT).build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /**
   * A call, as its line in the log has it.
   *
   * @param at when it came, by Envoy's clock
   * @param client its address and port
   * @param certificate whose, empty without one
   * @param status gRPC's name for the outcome
   */
  record Call(Instant at, String client, String certificate, String status) {
    private static Call parse(String line) {
      return new Call(
          Instant.parse(value(line, "time")),
          value(line, "client"),
          value(line, "certificate"),
          value(line, "grpc_status"));
    }

    private static String value(String line, String key) {
      String name = "\"" + key + "\":\"";
      int begin = line.indexOf(name) + name.length();
      return line.contains(name) ? line.substring(begin, line.indexOf('"', begin)) : "";
    }
  }

  /** What its log has of calls, in the order in which they ended. */
  List<Call> calls() {
    try (Stream<String> lines = Files.lines(log)) {
      return lines
          .filter(line -> line.startsWith("{") && line.endsWith("}"))
          .map(Call::parse)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    envoy.close();
    ports.close();
  }
}
