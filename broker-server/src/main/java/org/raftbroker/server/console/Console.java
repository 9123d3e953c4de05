package org.raftbroker.server.console;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.raftbroker.server.http.Pages;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.metrics.Activity;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The page at {@code /console/} and what it asks for at {@code /api/}. Has threads of its own, a
 * bound on each kind of request, and closes each connection after its answer: however many people
 * look, threads and connections are left for probes and scrapes.
 */
public final class Console implements Pages, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Console.class);

  private static final String PAGE = "/console/";
  private static final String API = "/api/";
  private static final String WATCH = API + "watch";

  /** Requests that wait for a thread: a page has at most a few under way. */
  private static final int WAITING = 32;

  /** Far more than somebody types; whoever wants to publish more has a client for it. */
  private static final int MAX_REQUEST_BYTES = 1024 * 1024;

  /** Nothing but this node's own files: no inline script, no other host, no frame around it. */
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private final Guard guard;
  private final OwnNode node;
  private final Api api;
  private final Duration watchLifetime;
  private final Assets assets = new Assets();
  private final ThreadPoolExecutor threads;
  private final ThreadPoolExecutor watchers;

  /**
   * @param listen where the HTTP port is bound
   * @param responseTimeout how long the HTTP port gives an answer before it cuts it
   * @param node closed with the console
   */
  public Console(
      ConsoleConfig config,
      Address listen,
      Duration responseTimeout,
      OwnNode node,
      Supplier<Activity> activity) {
    this.guard = new Guard(listen, config.token());
    this.node = node;
    this.api = new Api(node, activity);
    this.watchLifetime = responseTimeout.multipliedBy(4).dividedBy(5);
    this.threads = pool("console", config.threads(), new LinkedBlockingQueue<>(WAITING));
    this.watchers = pool("console-watch", config.watchers(), new SynchronousQueue<>());
  }

  private static ThreadPoolExecutor pool(String name, int size, BlockingQueue<Runnable> waiting) {
    AtomicInteger count = new AtomicInteger();
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            size,
            size,
            10,
            TimeUnit.SECONDS,
            waiting,
            task -> {
              Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  @Override
  public boolean has(String path) {
    return path.startsWith(PAGE)
        || isApi(path)
        || path.equals("/console")
        || (path.equals("/") && guard.isOpen());
  }

  private static boolean isApi(String path) {
    return path.startsWith(API);
  }

  @Override
  public void serve(HttpExchange exchange) throws IOException {
    boolean watches = path(exchange).equals(WATCH);
    try {
      (watches ? watchers : threads).execute(() -> answer(exchange));
    } catch (RejectedExecutionException e) {
      try (exchange) {
        send(
            exchange,
            watches
                ? new Refusal(
                    503,
                    "TOO_MANY_WATCHERS",
                    "as many subjects are watched on this node as may be (http.console.watchers);"
                        + " close another page, or watch at another node")
                : new Refusal(
                    503, "BUSY", "the console of this node has too much to do; try again"));
      }
    }
  }

  /** On a thread of the console's. */
  private void answer(HttpExchange exchange) {
    try (exchange) {
      try {
        route(exchange);
      } catch (Refusal refusal) {
        send(exchange, refusal);
      } catch (RuntimeException e) {
        log.atError().addKeyValue("path", path(exchange)).setCause(e).log("console failed");
        send(
            exchange,
            new Refusal(500, "INTERNAL", "internal error; the log of this node has the cause"));
      }
    } catch (IOException gone) {
      log.atDebug()
          .addKeyValue("path", path(exchange))
          .setCause(gone)
          .log("console's page is gone");
    }
  }

  private void route(HttpExchange exchange) throws IOException, Refusal {
    String path = path(exchange);
    String method = exchange.getRequestMethod();
    if (!isApi(path)) {
      guard.checkOpen();
      sendPage(exchange, path);
      return;
    }
    guard.check(method, exchange.getRequestHeaders());
    String name = path.substring(API.length());
    if (method.equals("POST")) {
      sendJson(exchange, 200, api.post(name, body(exchange)));
      return;
    }
    checkReads(exchange);
    Query query = new Query(exchange.getRequestURI());
    if (path.equals(WATCH)) {
      watch(exchange, query);
    } else {
      sendJson(exchange, 200, api.get(name, query));
    }
  }

  private static void checkReads(HttpExchange exchange) throws Refusal {
    String method = exchange.getRequestMethod();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      exchange.getResponseHeaders().set("Allow", "GET, HEAD");
      throw new Refusal(405, "METHOD_NOT_ALLOWED", method + " is not answered here");
    }
  }

  private void watch(HttpExchange exchange, Query query) throws IOException, Refusal {
    WatchStream stream =
        new WatchStream(node, query.text("subject"), query.number("fromId", 1), watchLifetime);
    prepare(exchange, WatchStream.CONTENT_TYPE);
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    exchange.sendResponseHeaders(200, 0); // 0: as long as it takes
    stream.writeTo(exchange.getResponseBody());
  }

  private static String body(HttpExchange exchange) throws IOException, Refusal {
    try (InputStream in = exchange.getRequestBody()) {
      byte[] body = in.readNBytes(MAX_REQUEST_BYTES + 1);
      if (body.length > MAX_REQUEST_BYTES) {
        throw new Refusal(
            413,
            "REQUEST_TOO_LARGE",
            "the request has more than "
                + MAX_REQUEST_BYTES
                + " bytes, which is the limit of the console; publish larger messages with a"
                + " client");
      }
      return new String(body, StandardCharsets.UTF_8);
    }
  }

  private void sendPage(HttpExchange exchange, String path) throws IOException, Refusal {
    checkReads(exchange);
    if (!path.startsWith(PAGE)) {
      exchange.getResponseHeaders().set("Location", PAGE);
      prepare(exchange, "text/plain; charset=utf-8");
      exchange.sendResponseHeaders(302, -1);
      return;
    }
    Assets.Asset asset =
        assets.get(path.equals(PAGE) ? "index.html" : path.substring(PAGE.length()));
    if (asset == null) {
      throw new Refusal(404, "NOT_FOUND", "nothing here; the console is at " + PAGE);
    }
    Headers headers = exchange.getResponseHeaders();
    headers.set("ETag", asset.tag());
    headers.set("Cache-Control", "no-cache"); // may be kept, is asked for each time: see the tag
    prepare(exchange, asset.contentType());
    if (asset.tag().equals(exchange.getRequestHeaders().getFirst("If-None-Match"))) {
      exchange.sendResponseHeaders(304, -1);
      return;
    }
    send(exchange, 200, asset.content().toByteArray());
  }

  private static void send(HttpExchange exchange, Refusal refusal) throws IOException {
    if (refusal.status() == 401) {
      exchange.getResponseHeaders().set("WWW-Authenticate", "Bearer realm=\"RaftBroker console\"");
    }
    if (isApi(path(exchange))) {
      sendJson(exchange, refusal.status(), refusal.json());
    } else {
      exchange.getResponseHeaders().set("Cache-Control", "no-store");
      prepare(exchange, "text/plain; charset=utf-8");
      String text = refusal.message() + "\n";
      send(exchange, refusal.status(), text.getBytes(StandardCharsets.UTF_8));
    }
  }

  private static void sendJson(HttpExchange exchange, int status, String json) throws IOException {
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    prepare(exchange, "application/json");
    send(exchange, status, (json + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private static void prepare(HttpExchange exchange, String contentType) {
    Headers headers = exchange.getResponseHeaders();
    headers.set("Content-Type", contentType);
    headers.set("Content-Security-Policy", POLICY);
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("X-Content-Type-Options", "nosniff");
    // Idle connections count for http.maxConnections, and a browser would keep six.
    headers.set("Connection", "close");
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
      exchange.sendResponseHeaders(status, -1);
      return;
    }
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  /** Never null: a request without one does not come this far. */
  private static String path(HttpExchange exchange) {
    return exchange.getRequestURI().getPath();
  }

  /** Streams end, and nothing more is answered. Harmless if repeated. */
  @Override
  public void close() {
    threads.shutdownNow();
    watchers.shutdownNow();
    node.close();
  }
}
