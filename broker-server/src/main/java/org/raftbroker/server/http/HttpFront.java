package org.raftbroker.server.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.metrics.BrokerMetrics;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP port of a node, on the JDK's own server and a small pool of threads that it starts on
 * demand. It never takes part in the work of the broker, and what it costs is bounded: threads,
 * connections, and the time that a request or an answer may take.
 */
public final class HttpFront implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HttpFront.class);

  /** Connections that may wait for the server to accept them, while it is busy. */
  private static final int BACKLOG = 64;

  private static final String INDEX =
      """
      <!doctype html>
      <title>RaftBroker</title>
      <h1>RaftBroker</h1>
      <ul>
      <li><a href="/metrics">/metrics</a> for Prometheus
      <li><a href="/healthz">/healthz</a> the process is alive
      <li><a href="/readyz">/readyz</a> whether clients should be sent here, and why not
      </ul>
      """;

  private final Address listen;
  private final HttpConfig config;
  private final Map<String, Supplier<Answer>> pages;
  private final Pages console;
  private final ThreadPoolExecutor threads;
  private @Nullable HttpServer server;

  /**
   * @param readiness asked on each request, on a thread of this pool; must not block
   * @param console for people
   */
  public HttpFront(
      Address listen,
      HttpConfig config,
      BrokerMetrics metrics,
      Supplier<Readiness> readiness,
      Pages console) {
    this.listen = listen;
    this.config = config;
    this.console = console;
    this.pages =
        Map.of(
            "/", () -> Answer.html(INDEX),
            "/healthz", () -> Answer.text(200, "ok"),
            "/readyz", () -> Answer.of(readiness.get()),
            "/metrics", () -> new Answer(200, BrokerMetrics.CONTENT_TYPE, metrics.scrape()));
    this.threads = threads(config);
  }

  /**
   * Opens the port.
   *
   * @throws IOException if the address cannot be bound, naming it and the key to change
   */
  public synchronized void start() throws IOException {
    limitServersOfThisProcess();
    try {
      HttpServer bound =
          HttpServer.create(new InetSocketAddress(listen.host(), listen.port()), BACKLOG);
      bound.setExecutor(threads);
      bound.createContext("/", this::serve);
      bound.start();
      server = bound;
    } catch (IOException e) {
      throw new IOException(
          "cannot listen on "
              + listen
              + " for HTTP ("
              + e.getMessage()
              + "); stop what uses the address, or change http of this member or listen.http",
          e);
    }
    log.atInfo().addKeyValue("address", listen).log("HTTP port open");
  }

  /** Open connections are cut. Harmless if repeated, or if it never started. */
  @Override
  public synchronized void close() {
    if (server != null) {
      server.stop(0);
      server = null;
    }
    threads.shutdownNow();
  }

  /**
   * The JDK's server takes its limits from system properties, once in a process. One that the
   * operator has set with -D stands.
   */
  private void limitServersOfThisProcess() {
    setIfAbsent("jdk.httpserver.maxConnections", config.maxConnections());
    setIfAbsent("sun.net.httpserver.maxIdleConnections", config.maxConnections());
    setIfAbsent("sun.net.httpserver.maxReqTime", config.requestTimeout().toSeconds());
    setIfAbsent("sun.net.httpserver.maxRspTime", config.responseTimeout().toSeconds());
    setIfAbsent("sun.net.httpserver.maxReqHeaderSize", 16 * 1024);
    // Header and body are sent as two writes; without this the second waits for the first's
    // acknowledgement, up to 40 ms.
    if (System.getProperty("sun.net.httpserver.nodelay") == null) {
      System.setProperty("sun.net.httpserver.nodelay", "true");
    }
  }

  private static void setIfAbsent(String property, long value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, Long.toString(value));
    }
  }

  private static ThreadPoolExecutor threads(HttpConfig config) {
    AtomicInteger count = new AtomicInteger();
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            config.threads(),
            config.threads(),
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(config.maxConnections()),
            task -> {
              Thread thread = new Thread(task, "http-" + count.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  private void serve(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    if (path != null && console.has(path)) {
      console.serve(exchange);
      return;
    }
    try (exchange) {
      send(exchange, answer(exchange));
    }
  }

  private Answer answer(HttpExchange exchange) {
    String path = exchange.getRequestURI().getPath();
    Supplier<Answer> page = path == null ? null : pages.get(path);
    if (page == null) {
      return Answer.text(404, "nothing here; / lists what there is");
    }
    String method = exchange.getRequestMethod();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      exchange.getResponseHeaders().set("Allow", "GET, HEAD");
      return Answer.text(405, "only GET and HEAD are answered here");
    }
    try {
      return page.get();
    } catch (RuntimeException e) {
      log.atError().addKeyValue("path", path).setCause(e).log("HTTP request failed unexpectedly");
      return Answer.text(500, "internal error; the log of this node has the cause");
    }
  }

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    var headers = exchange.getResponseHeaders();
    headers.set("Content-Type", answer.contentType());
    headers.set("Cache-Control", "no-store");
    headers.set("X-Content-Type-Options", "nosniff");
    byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
    if (exchange.getRequestMethod().equals("HEAD")) {
      headers.set("Content-Length", Integer.toString(body.length));
      exchange.sendResponseHeaders(answer.status(), -1);
      return;
    }
    exchange.sendResponseHeaders(answer.status(), body.length);
    exchange.getResponseBody().write(body);
  }
}
