package org.raftbroker.server.membership.kubernetes;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MappingIterator;
import tools.jackson.databind.json.JsonMapper;

/**
 * Keeps a view of a resource: lists it, then takes in what changes, from the version of the list
 * on. After a cut it goes on from the version that it had; if the API server does not keep that any
 * more, it lists anew. A list that fails on the way changes nothing.
 *
 * <p>While the API server does not answer the last view stays, and is not called current. Views are
 * told one by one on a thread of its own, none is left out.
 */
final class ResourceWatch<T> implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ResourceWatch.class);

  private static final JsonMapper JSON = new JsonMapper();

  /** More pods than a cluster has members, and an answer of few MiB. */
  private static final int PAGE_SIZE = 100;

  private static final Duration FIRST_WAIT = Duration.ofMillis(200);

  private final ApiServer api;
  private final Resource resource;
  private final Function<JsonNode, Optional<T>> parser;
  private final KubernetesConfig config;
  private final ScheduledExecutorService timer;
  private final Consumer<View<T>> viewer;
  private final Thread thread;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile @Nullable InputStream open;

  // Only touched on the thread, as are the five below.
  private View<T> view = View.none();

  /** Of the view; empty if it is to be listed anew. */
  private String version = "";

  /** Whether the stream brought anything: then there is no reason to wait for longer. */
  private boolean heard;

  /** Whether the stream was there: one that breaks is nothing to tell if the next one is. */
  private boolean opened;

  private boolean warned;

  /**
   * @param parser what is to be known of an object; empty: as if it were not there
   * @param timer ends streams that are silent for too long; not for blocking work
   */
  ResourceWatch(
      String threadName,
      ApiServer api,
      Resource resource,
      Function<JsonNode, Optional<T>> parser,
      KubernetesConfig config,
      ScheduledExecutorService timer,
      Consumer<View<T>> viewer) {
    this.api = api;
    this.resource = resource;
    this.parser = parser;
    this.config = config;
    this.timer = timer;
    this.viewer = viewer;
    this.thread = new Thread(this::run, threadName);
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  private void run() {
    Duration wait = FIRST_WAIT;
    while (closed.getCount() > 0) {
      heard = false;
      opened = false;
      try {
        if (version.isEmpty()) {
          list();
        }
        follow();
      } catch (ApiException e) {
        version = "";
        interrupted(e, e.isExpired());
      } catch (IOException e) {
        interrupted(e, false);
      } catch (RuntimeException e) {
        if (closed.getCount() == 0) {
          return; // the one who is told has closed, too
        }
        version = "";
        log.atError().setCause(e).addKeyValue("path", resource.path()).log("watch failed");
        interrupted(e, true);
      }
      if (heard) {
        wait = FIRST_WAIT;
      }
      wait = pause(wait);
    }
  }

  private void list() throws IOException {
    show(view.outdated());
    Map<String, T> listed = new HashMap<>();
    JsonNode page;
    String from = "";
    do {
      page = api.get(resource.list(PAGE_SIZE, from));
      JsonNode items = page.path("items");
      if (!items.isArray()) {
        throw new IOException("its answer is no list");
      }
      for (JsonNode item : items) {
        parser.apply(item).ifPresent(known -> listed.put(name(item), known));
      }
      from = page.path("metadata").path("continue").asString("");
    } while (!from.isEmpty());
    String listedVersion = version(page);
    if (listedVersion.isEmpty()) {
      throw new IOException("its list has no resourceVersion");
    }
    version = listedVersion;
    show(new View<>(true, listed));
  }

  private void follow() throws IOException {
    try (InputStream stream =
        api.open(resource.watch(version, config.watchTimeout().toSeconds()))) {
      open = stream;
      if (closed.getCount() == 0) {
        return;
      }
      Duration longest = config.watchTimeout().plus(config.requestTimeout());
      ScheduledFuture<?> end =
          timer.schedule(() -> end(stream), longest.toMillis(), TimeUnit.MILLISECONDS);
      try (MappingIterator<JsonNode> events = JSON.readerFor(JsonNode.class).readValues(stream)) {
        inTouch();
        while (events.hasNextValue()) {
          take(events.nextValue());
        }
      } catch (JacksonException e) {
        throw new IOException("the stream of changes broke: " + e.getOriginalMessage(), e);
      } finally {
        end.cancel(false);
        open = null;
      }
    }
  }

  private void inTouch() {
    opened = true;
    if (warned) {
      log.atInfo().addKeyValue("path", resource.path()).log("the Kubernetes API server is back");
      warned = false;
    }
    if (!view.current()) {
      show(new View<>(true, view.byName()));
    }
  }

  private void take(JsonNode event) throws IOException {
    heard = true;
    JsonNode object = event.path("object");
    String type = event.path("type").asString("");
    switch (type) {
      case "ADDED", "MODIFIED" -> put(name(object), parser.apply(object));
      case "DELETED" -> put(name(object), Optional.empty());
      case "BOOKMARK" -> {}
      case "ERROR" -> throw ApiServer.refusal(object.path("code").asInt(0), object);
      default -> throw new IOException("a change of the unknown type \"" + type + "\"");
    }
    String now = version(object);
    if (!now.isEmpty()) {
      version = now;
    }
  }

  private void put(String name, Optional<T> known) {
    Map<String, T> byName = new HashMap<>(view.byName());
    known.ifPresentOrElse(value -> byName.put(name, value), () -> byName.remove(name));
    show(new View<>(true, byName));
  }

  private void show(View<T> now) {
    if (!now.equals(view)) {
      view = now;
      viewer.accept(now);
    }
  }

  private void interrupted(Exception why, boolean isExpected) {
    if (closed.getCount() == 0) {
      return;
    }
    show(view.outdated());
    if (opened) {
      log.atDebug().setCause(why).addKeyValue("path", resource.path()).log("stream ended");
    } else if (!warned && !isExpected) {
      log.atWarn()
          .addKeyValue("path", resource.path())
          .log(
              "no word from the Kubernetes API server ({}); what was last known stays until there"
                  + " is one (membership.kubernetes)",
              why.getMessage());
      warned = true;
    }
  }

  /** Returns how long to wait the next time. */
  private Duration pause(Duration wait) {
    // Not all nodes at the same moment, when the API server is back.
    long millis = ThreadLocalRandom.current().nextLong(wait.toMillis() / 2, wait.toMillis() + 1);
    try {
      var unused = closed.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      // Only close interrupts, and it has said so already.
      Thread.currentThread().interrupt();
    }
    Duration twice = wait.multipliedBy(2);
    return twice.compareTo(config.reconnectInterval()) < 0 ? twice : config.reconnectInterval();
  }

  private static String name(JsonNode object) {
    return object.path("metadata").path("name").asString("");
  }

  private static String version(JsonNode object) {
    return object.path("metadata").path("resourceVersion").asString("");
  }

  private static void end(InputStream stream) {
    try {
      stream.close();
    } catch (IOException e) {
      log.atDebug().setCause(e).log("a stream of changes was broken already");
    }
  }

  @Override
  public void close() {
    closed.countDown();
    thread.interrupt();
    InputStream stream = open;
    if (stream != null) {
      end(stream);
    }
  }
}
