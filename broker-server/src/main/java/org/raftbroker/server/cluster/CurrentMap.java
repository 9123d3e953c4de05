package org.raftbroker.server.cluster;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.raftbroker.raft.placement.ClusterMap;

/**
 * The cluster map as far as this node knows it; it never goes back to an older one. Before any is
 * known it is what the configuration lets expect, with version 0. Any thread; nothing blocks.
 */
public final class CurrentMap {
  /** The shard that keeps it: every cluster has this one. */
  public static final int SHARD = 0;

  private final List<Consumer<ClusterMap>> followers = new CopyOnWriteArrayList<>();
  private final Map<Long, Waiting> waiting = new ConcurrentHashMap<>();
  private final AtomicLong lastTicket = new AtomicLong();
  private volatile Versioned current;

  /**
   * A map with its version.
   *
   * @param version 0: expected, not known
   */
  public record Versioned(long version, ClusterMap map) {}

  private record Waiting(long after, CompletableFuture<Versioned> answer) {}

  public CurrentMap(ClusterMap expected) {
    this.current = new Versioned(0, expected);
  }

  /**
   * Tells of each map that is known from now on, in order, on the thread that brings it; must not
   * block.
   */
  public void watch(Consumer<ClusterMap> follower) {
    followers.add(follower);
  }

  public Versioned get() {
    return current;
  }

  public ClusterMap map() {
    return current.map;
  }

  /** Whether a map of the cluster is known, rather than expected. */
  public boolean isKnown() {
    return current.version > 0;
  }

  /** Takes over a map that is newer than the one there is. */
  void offer(long version, ClusterMap map) {
    Versioned known = new Versioned(version, map);
    synchronized (this) {
      if (version <= current.version) {
        return;
      }
      followers.forEach(follower -> follower.accept(map));
      current = known;
    }
    for (Waiting one : waiting.values()) {
      if (version > one.after) {
        one.answer.complete(known);
      }
    }
  }

  /** Completes with a map that is newer, or with the one there is when the time is over. */
  CompletableFuture<Versioned> newerThan(long version, long timeoutMillis) {
    CompletableFuture<Versioned> answer = new CompletableFuture<>();
    long ticket = lastTicket.incrementAndGet();
    waiting.put(ticket, new Waiting(version, answer));
    Versioned now = current;
    if (now.version > version) {
      answer.complete(now);
    }
    return answer
        .completeOnTimeout(now, timeoutMillis, TimeUnit.MILLISECONDS)
        .whenComplete((done, failure) -> waiting.remove(ticket));
  }
}
