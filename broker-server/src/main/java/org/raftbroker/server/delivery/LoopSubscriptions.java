package org.raftbroker.server.delivery;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.raftbroker.message.BrokerException;

/**
 * The subscriptions of one subject on one event loop. They are woken together: a hand-off to
 * another thread costs more than sending a message, so a hundred of them take one, and none while
 * one is under way. Any thread unless said otherwise.
 */
final class LoopSubscriptions {
  /** Most bytes of broadcasts that wait for the loop; a loop that is further behind misses them. */
  private static final long MAX_WAITING_BROADCAST_BYTES = 4 << 20;

  private final Executor loop;
  private final Set<CursorSubscription> subscriptions = ConcurrentHashMap.newKeySet();
  private final Runnable drainAll = this::drainAll;
  private final AtomicBoolean drainScheduled = new AtomicBoolean();
  private final AtomicLong waitingBroadcastBytes = new AtomicLong();

  LoopSubscriptions(Executor loop) {
    this.loop = loop;
  }

  void add(CursorSubscription subscription) {
    subscriptions.add(subscription);
  }

  void remove(CursorSubscription subscription) {
    subscriptions.remove(subscription);
  }

  boolean isEmpty() {
    return subscriptions.isEmpty();
  }

  Set<CursorSubscription> all() {
    return subscriptions;
  }

  /** Lets each subscription look for what is new. */
  void wake() {
    if (!drainScheduled.get() && drainScheduled.compareAndSet(false, true)) {
      onLoop(drainAll);
    }
  }

  private void drainAll() {
    // Before looking: what is appended after the look sets it again.
    drainScheduled.set(false);
    for (CursorSubscription subscription : subscriptions) {
      subscription.drain();
    }
  }

  /** It is time to tell those clients that asked for it where they are. */
  void progress() {
    onLoop(() -> progress(false));
  }

  /** The head has moved without a message, which other nodes that follow do not learn otherwise. */
  void tellFollowers() {
    onLoop(() -> progress(true));
  }

  private void progress(boolean nodes) {
    for (CursorSubscription subscription : subscriptions) {
      if (subscription.isOfANode() == nodes) {
        subscription.progress();
      }
    }
  }

  /** Hands over an ephemeral message; returns how many subscriptions were ready when last asked. */
  int broadcast(byte[] frame) {
    int ready = 0;
    for (CursorSubscription subscription : subscriptions) {
      if (!subscription.isOfANode() && !subscription.isStalled()) {
        ready++;
      }
    }
    if (ready == 0) {
      return 0;
    }
    long waiting = waitingBroadcastBytes.addAndGet(frame.length);
    if (waiting > MAX_WAITING_BROADCAST_BYTES && waiting > frame.length) {
      waitingBroadcastBytes.addAndGet(-frame.length);
      return 0;
    }
    onLoop(
        () -> {
          waitingBroadcastBytes.addAndGet(-frame.length);
          subscriptions.forEach(subscription -> subscription.broadcast(frame));
        });
    return ready;
  }

  void end(BrokerException reason, Predicate<CursorSubscription> which) {
    onLoop(
        () -> {
          for (CursorSubscription subscription : subscriptions) {
            if (which.test(subscription)) {
              subscription.end(reason);
            }
          }
        });
  }

  private void onLoop(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // The loop has ended, and its connections with it: nobody is left to tell.
      subscriptions.forEach(CursorSubscription::close);
    }
  }
}
