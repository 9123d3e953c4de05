package org.raftbroker.server.membership.kubernetes;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * The part of the Kubernetes API that brokers use, over TLS: objects with versions, lists in pages,
 * streams of changes from a version on. And what goes wrong with it.
 */
final class SmallApiServer implements AutoCloseable {
  private static final String STORE = "api.p12";
  private static final String CA = "ca.crt";
  private static final String PASSWORD = "changeit";
  private static final String NAMESPACE = "brokers";
  private static final String PODS = "/api/v1/namespaces/" + NAMESPACE + "/pods";
  private static final String SETS = "/apis/apps/v1/namespaces/" + NAMESPACE + "/statefulsets";

  /** A server may answer with less than was asked for. */
  private static final int PAGE_SIZE = 2;

  private final Path directory;
  private final HttpsServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<String> requests = new CopyOnWriteArrayList<>();

  // Guarded by this, all below.
  private final Map<String, TreeMap<String, String>> objectByNameByPath = new HashMap<>();
  private final List<Change> changes = new ArrayList<>();
  private final TreeMap<String, String> unselected = new TreeMap<>();
  private long version = 100;
  private long oldest = 100;
  private String token = "first";
  private int cuts;
  private int ends;
  private boolean outage;
  private boolean secondPageFails;
  private boolean closed;

  private record Change(String path, long version, String type, String object) {}

  private SmallApiServer(Path directory, HttpsServer server) {
    this.directory = directory;
    this.server = server;
    objectByNameByPath.put(PODS, new TreeMap<>());
    objectByNameByPath.put(SETS, new TreeMap<>());
  }

  /** With the files of a service account in the directory. */
  static SmallApiServer start(Path directory, Path certificate) throws Exception {
    for (String file : List.of(STORE, CA)) {
      Files.copy(certificate.resolve(file), directory.resolve(file));
    }
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls(directory)));
    SmallApiServer api = new SmallApiServer(directory, server);
    Files.writeString(directory.resolve("namespace"), NAMESPACE + "\n");
    Files.writeString(directory.resolve("token"), "first\n");
    server.createContext("/", api::handle);
    server.setExecutor(api.threads);
    server.start();
    return api;
  }

  static void makeCertificate(Path directory) throws Exception {
    String store = directory.resolve(STORE).toString();
    keytool(
        "-genkeypair -alias api -keyalg EC -dname CN=api -ext san=ip:127.0.0.1 -validity 2"
            + " -storetype PKCS12 -storepass changeit -keystore",
        store);
    keytool(
        "-exportcert -rfc -alias api -storepass changeit -file "
            + directory.resolve(CA)
            + " -keystore",
        store);
  }

  private static void keytool(String arguments, String store) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments.split(" ", -1)));
    command.add(store);
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException("failed: " + command);
    }
  }

  private static SSLContext tls(Path directory) throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(directory.resolve(STORE))) {
      store.load(in, PASSWORD.toCharArray());
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  KubernetesConfig config(String statefulSet, Duration goneAfter) {
    return new KubernetesConfig(
        true,
        "https://127.0.0.1:" + server.getAddress().getPort(),
        "",
        statefulSet,
        "app=broker",
        directory.resolve("token"),
        directory.resolve(CA),
        directory.resolve("namespace"),
        Duration.ofSeconds(3),
        Duration.ofSeconds(10),
        Duration.ofMinutes(5),
        Duration.ofMillis(400),
        goneAfter);
  }

  // --- what happens in the cluster

  void pod(String name, String ip) {
    put(
        PODS,
        name,
        "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\",\"resourceVersion\":\"%%d\"},"
                .formatted(name)
            + "\"status\":{\"podIP\":\"%s\",\"phase\":\"Running\"}}".formatted(ip));
  }

  /** It is there still, and the label selector does not find it any more. */
  synchronized void unlabel(String name) {
    unselected.put(name, delete(PODS, name));
  }

  void deletePod(String name) {
    delete(PODS, name);
  }

  void statefulSet(String name, String spec) {
    put(
        SETS,
        name,
        "{\"kind\":\"StatefulSet\",\"metadata\":{\"name\":\"%s\",\"resourceVersion\":\"%%d\"},"
                .formatted(name)
            + "\"spec\":%s}".formatted(spec));
  }

  void scale(String name, int replicas) {
    statefulSet(name, "{\"replicas\":" + replicas + "}");
  }

  void deleteStatefulSet(String name) {
    delete(SETS, name);
  }

  private synchronized void put(String path, String name, String template) {
    version++;
    String object = template.formatted(version);
    boolean isNew = objects(path).put(name, object) == null;
    changes.add(new Change(path, version, isNew ? "ADDED" : "MODIFIED", object));
    notifyAll();
  }

  private synchronized String delete(String path, String name) {
    version++;
    String known = objects(path).remove(name);
    if (known == null) {
      throw new IllegalArgumentException("there is no " + name);
    }
    String object =
        known.replaceFirst(
            "\"resourceVersion\":\"\\d+\"", "\"resourceVersion\":\"" + version + "\"");
    changes.add(new Change(path, version, "DELETED", object));
    notifyAll();
    return object;
  }

  private Map<String, String> objects(String path) {
    return objectByNameByPath.getOrDefault(path, new TreeMap<>());
  }

  // --- what goes wrong

  /** Ends every stream as a server does after its time: behind what there was to tell. */
  synchronized void endStreams() {
    ends++;
    notifyAll();
  }

  /** Ends every stream in the middle of a change. */
  synchronized void cut() {
    cuts++;
    notifyAll();
  }

  synchronized void outage(boolean now) {
    outage = now;
    if (now) {
      cut();
    }
  }

  /** A stream that begins from before has expired; those that are there go on. */
  synchronized void compact() {
    oldest = version;
  }

  synchronized void secondPageFails(boolean now) {
    secondPageFails = now;
  }

  /** Tells all streams how far they are. */
  synchronized void bookmark() {
    version++;
    for (String path : List.of(PODS, SETS)) {
      changes.add(
          new Change(
              path,
              version,
              "BOOKMARK",
              "{\"metadata\":{\"resourceVersion\":\"" + version + "\"}}"));
    }
    notifyAll();
  }

  /** Between two streams, and the second can begin only behind it. */
  synchronized void deletePodUnseen(String name) {
    cut();
    deletePod(name);
    compact();
  }

  synchronized long version() {
    return version;
  }

  synchronized void accept(String newToken) {
    token = newToken;
  }

  /** Path and query, in the order in which they came. */
  List<String> requests() {
    return requests;
  }

  long podRequests(String with) {
    return requests.stream().filter(r -> r.startsWith(PODS + "?") && r.contains(with)).count();
  }

  // --- the protocol

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String query = exchange.getRequestURI().getRawQuery();
    requests.add(exchange.getRequestURI().toString());
    boolean isAway;
    boolean isKnown;
    synchronized (this) {
      isAway = outage;
      isKnown = ("Bearer " + token).equals(exchange.getRequestHeaders().getFirst("Authorization"));
    }
    if (isAway) {
      answer(exchange, 503, status(503, "ServiceUnavailable", "etcd is away"));
    } else if (!isKnown) {
      answer(exchange, 401, status(401, "Unauthorized", "Unauthorized"));
    } else if (query == null) {
      one(exchange, path);
    } else if (query.contains("watch=true")) {
      stream(exchange, path, parameter(query, "resourceVersion"));
    } else {
      list(exchange, path, parameter(query, "continue"), selectedName(query));
    }
  }

  private static String parameter(String query, String name) {
    for (String part : query.split("&", -1)) {
      if (part.startsWith(name + "=")) {
        return URLDecoder.decode(part.substring(name.length() + 1), StandardCharsets.UTF_8);
      }
    }
    return "";
  }

  private static String selectedName(String query) {
    return parameter(query, "fieldSelector").replace("metadata.name=", "");
  }

  private void one(HttpExchange exchange, String path) throws IOException {
    int slash = path.lastIndexOf('/');
    String object;
    synchronized (this) {
      String name = path.substring(slash + 1);
      object = objects(path.substring(0, slash)).getOrDefault(name, unselected.get(name));
    }
    if (object == null) {
      answer(exchange, 404, status(404, "NotFound", "not found"));
    } else {
      answer(exchange, 200, object);
    }
  }

  private void list(HttpExchange exchange, String path, String from, String name)
      throws IOException {
    String body;
    synchronized (this) {
      if (!from.isEmpty() && secondPageFails) {
        body = "";
      } else {
        List<String> all =
            objects(path).entrySet().stream()
                .filter(e -> name.isEmpty() || e.getKey().equals(name))
                .map(Map.Entry::getValue)
                .toList();
        int begin = from.isEmpty() ? 0 : Integer.parseInt(from);
        int end = Math.min(all.size(), begin + PAGE_SIZE);
        body =
            "{\"metadata\":{\"resourceVersion\":\"%d\"%s},\"items\":[%s]}"
                .formatted(
                    version,
                    end < all.size() ? ",\"continue\":\"" + end + "\"" : "",
                    String.join(",", all.subList(begin, end)));
      }
    }
    if (body.isEmpty()) {
      answer(exchange, 500, status(500, "InternalError", "etcd lost its leader"));
    } else {
      answer(exchange, 200, body);
    }
  }

  private void stream(HttpExchange exchange, String path, String from) throws IOException {
    exchange.sendResponseHeaders(200, 0);
    OutputStream out = exchange.getResponseBody();
    out.flush();
    long seen = Long.parseLong(from);
    int cutsBefore;
    int endsBefore;
    synchronized (this) {
      cutsBefore = cuts;
      endsBefore = ends;
      if (seen < oldest) {
        send(out, "ERROR", status(410, "Expired", "too old resource version"));
        exchange.close();
        return;
      }
    }
    while (true) {
      List<Change> next;
      synchronized (this) {
        long after = seen;
        next = changes.stream().filter(c -> c.path.equals(path) && c.version > after).toList();
        if (closed || cuts > cutsBefore) {
          out.write(
              "{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"na"
                  .getBytes(StandardCharsets.UTF_8));
          out.flush();
          throw new IOException("cut");
        }
        if (next.isEmpty() && ends > endsBefore) {
          exchange.close();
          return;
        }
        if (next.isEmpty()) {
          try {
            wait(60_000);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
          }
        }
      }
      for (Change change : next) {
        send(out, change.type, change.object);
        seen = change.version;
      }
    }
  }

  private static void send(OutputStream out, String type, String object) throws IOException {
    out.write(
        ("{\"type\":\"" + type + "\",\"object\":" + object + "}\n")
            .getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  private static String status(int code, String reason, String message) {
    return "{\"kind\":\"Status\",\"code\":%d,\"reason\":\"%s\",\"message\":\"%s\"}"
        .formatted(code, reason, message);
  }

  private static void answer(HttpExchange exchange, int code, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(code, bytes.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(bytes);
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    server.stop(0);
    threads.shutdownNow();
  }
}
