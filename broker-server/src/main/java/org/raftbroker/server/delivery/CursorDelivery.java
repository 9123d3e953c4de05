package org.raftbroker.server.delivery;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.Shard;
import org.raftbroker.raft.Shards;

/**
 * Delivery by cursors: a subscription is a place in a subject, not a queue, so its memory does not
 * depend on how slow its reader is. Subscriptions near the head share a tail of encoded messages;
 * those further back read the store, which is the same code as resuming from an id.
 *
 * <p>{@link #start()} begins progress; {@link #close()} stops the threads and is to follow {@link
 * #endAll}.
 */
public final class CursorDelivery implements Delivery, AutoCloseable {
  /**
   * How often it is looked whether subjects are fed from where they should be, and whether those
   * who follow them here know their heads.
   */
  private static final long SOURCE_PERIOD_MILLIS = 1_000;

  private final Shards shards;
  private final TailMemory tails;
  private final SubscribedSubjects subjects;
  private final StoreReads reads;
  private final Surroundings surroundings;
  private final Duration progressInterval;
  private final ScheduledExecutorService timer;
  private final AtomicBoolean lookingAround = new AtomicBoolean();
  private final AtomicBoolean lookingAfterSources = new AtomicBoolean();

  // Set once, before the subscriptions that are there are ended.
  private volatile @Nullable BrokerException ended;

  /**
   * @param followers bring what this node has no replica of
   * @param interests learns which subjects have clients here
   * @param clock decides what has expired
   */
  public CursorDelivery(
      Shards shards,
      Followers followers,
      Interests interests,
      DeliveryConfig config,
      InstantSource clock,
      DeliveryObserver observer) {
    this.shards = shards;
    this.tails = new TailMemory(config.tailBytes(), config.subjectTailBytes());
    this.subjects = new SubscribedSubjects(shards, tails, followers, interests);
    this.reads = new StoreReads(config.readThreads());
    this.surroundings = new Surroundings(reads, config.readBytes(), clock, observer);
    this.progressInterval = config.progressInterval();
    this.timer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "delivery-timer");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Begins to send progress, and to look after what feeds subjects: another node, or their end. */
  public void start() {
    // A fifth is left for the way to the client: the interval is a promise.
    every(progressInterval.toMillis() * 4 / 5, lookingAround, this::lookAround);
    every(SOURCE_PERIOD_MILLIS, lookingAfterSources, this::lookAfterSources);
  }

  private void every(long periodMillis, AtomicBoolean atIt, Runnable look) {
    var unused =
        timer.scheduleAtFixedRate(
            () -> soon(atIt, look), periodMillis, periodMillis, TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    timer.shutdownNow();
    reads.close();
  }

  @Override
  public CompletableFuture<Subscription> subscribe(
      Subject subject, Start start, boolean progress, Outbound outbound) {
    // First of all, so that nothing applied from now on can miss the tail.
    CursorSubscription.For whom =
        progress ? CursorSubscription.For.CLIENT_WITH_PROGRESS : CursorSubscription.For.CLIENT;
    return subscribe(subjects.join(subject, whom), start, whom, outbound);
  }

  @Override
  public CompletableFuture<Subscription> follow(Subject subject, long fromId, Outbound outbound) {
    SubscribedSubject subscribed = subjects.join(subject, CursorSubscription.For.NODE);
    if (!subscribed.shard().servesHere()) {
      subjects.leave(subscribed, CursorSubscription.For.NODE);
      return CompletableFuture.failedFuture(nothingToFollow(subscribed.shard()));
    }
    return subscribe(subscribed, new Start.FromId(fromId), CursorSubscription.For.NODE, outbound);
  }

  private CompletableFuture<Subscription> subscribe(
      SubscribedSubject subscribed, Start start, CursorSubscription.For whom, Outbound outbound) {
    var inPlace = new CompletableFuture<Subscription>();
    var unused =
        subscribed
            .firstId(start)
            // Whoever is told that the subscription is in place may count on broadcasts.
            .thenCombine(subscribed.knownToPeers(whom), (firstId, known) -> firstId)
            .whenComplete(
                (firstId, failure) ->
                    onExecutor(
                        subscribed,
                        whom,
                        outbound,
                        inPlace,
                        failure != null
                            ? () -> refuse(subscribed, whom, subscribed.refusal(failure), inPlace)
                            : () -> begin(subscribed, firstId, whom, outbound, inPlace)));
    return inPlace;
  }

  private void onExecutor(
      SubscribedSubject subscribed,
      CursorSubscription.For whom,
      Outbound outbound,
      CompletableFuture<Subscription> inPlace,
      Runnable task) {
    try {
      outbound.executor().execute(task);
    } catch (RejectedExecutionException e) {
      refuse(
          subscribed,
          whom,
          new BrokerException(Reason.SHUTTING_DOWN, "the connection's event loop has ended"),
          inPlace);
    }
  }

  private void refuse(
      SubscribedSubject subscribed,
      CursorSubscription.For whom,
      BrokerException refusal,
      CompletableFuture<Subscription> inPlace) {
    subjects.leave(subscribed, whom);
    inPlace.completeExceptionally(refusal);
  }

  /** On the outbound's executor. */
  private void begin(
      SubscribedSubject subscribed,
      long firstId,
      CursorSubscription.For whom,
      Outbound outbound,
      CompletableFuture<Subscription> inPlace) {
    // Its head is known now, and before the subscription begins there must be nothing that it could
    // miss after that.
    subscribed.followElsewhere();
    var subscription = new CursorSubscription(subscribed, firstId, whom, outbound, surroundings);
    subscribed.add(subscription, outbound.executor());
    // After it was added: either endAll has seen it there, or it sees here that all is ended.
    BrokerException refusal = ended;
    if (refusal != null) {
      subscription.close();
      inPlace.completeExceptionally(refusal);
    } else if (inPlace.complete(subscription)) {
      // A task of its own, so that whoever waits for the future comes first.
      outbound.executor().execute(subscription::drain);
    } else {
      subscription.close(); // the caller has cancelled the future
    }
  }

  @Override
  public void onApplied(int shard, List<StoredMessage> messages) {
    if (subjects.isEmpty()) {
      return;
    }
    List<SubscribedSubject> touched = new ArrayList<>();
    int end;
    for (int from = 0; from < messages.size(); from = end) {
      Subject subject = messages.get(from).subject();
      end = from + 1;
      while (end < messages.size() && messages.get(end).subject().equals(subject)) {
        end++;
      }
      SubscribedSubject subscribed = subjects.get(subject);
      if (subscribed != null && subscribed.append(messages.subList(from, end))) {
        touched.add(subscribed);
      }
    }
    for (SubscribedSubject subscribed : touched) {
      subscribed.wake();
    }
  }

  @Override
  public void onSkippedAhead(int shard) {
    for (SubscribedSubject subscribed : subjects.all()) {
      if (subscribed.shard().number() == shard) {
        subscribed.tail().reset();
      }
    }
    // The heads have moved without a message to say so, and only the store knows where to.
    try {
      reads.execute(() -> wakeAllOf(shard));
    } catch (RejectedExecutionException e) {
      return; // closed: nobody is left to wake
    }
  }

  private void wakeAllOf(int shard) {
    for (SubscribedSubject subscribed : subjects.all()) {
      if (subscribed.shard().number() == shard) {
        readHeadThen(subscribed, LoopSubscriptions::wake);
      }
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Counts the subscriptions whose transport was ready when it was last asked. Those it is then
   * handed to on their own threads; one that has stopped being ready in the meantime misses it, as
   * do all of an event loop with 4 MiB of broadcasts waiting.
   */
  @Override
  public int broadcast(Subject subject, byte[] frame) {
    SubscribedSubject subscribed = subjects.get(subject);
    if (subscribed == null) {
      return 0;
    }
    int reached = 0;
    for (LoopSubscriptions loop : subscribed.loops()) {
      reached += loop.broadcast(frame);
    }
    return reached;
  }

  @Override
  public int subscriptions() {
    int count = 0;
    for (SubscribedSubject subscribed : subjects.all()) {
      for (LoopSubscriptions loop : subscribed.loops()) {
        for (CursorSubscription subscription : loop.all()) {
          count += subscription.isOfANode() ? 0 : 1;
        }
      }
    }
    return count;
  }

  @Override
  public Lag lag() {
    long max = 0;
    long total = 0;
    for (SubscribedSubject subscribed : subjects.all()) {
      for (LoopSubscriptions loop : subscribed.loops()) {
        for (CursorSubscription subscription : loop.all()) {
          if (subscription.isOfANode()) {
            continue;
          }
          long lag = subscription.lag();
          max = Math.max(max, lag);
          total += lag;
        }
      }
    }
    return new Lag(max, total);
  }

  @Override
  public List<SubscriptionStatus> furthestBehind(int limit) {
    // The one that is least behind first, so that it is the one to go when there are too many.
    var furthest = new PriorityQueue<>(Comparator.comparingLong(SubscriptionStatus::lag));
    for (SubscribedSubject subscribed : subjects.all()) {
      for (LoopSubscriptions loop : subscribed.loops()) {
        for (CursorSubscription subscription : loop.all()) {
          if (subscription.isOfANode()) {
            continue;
          }
          furthest.add(subscription.status());
          if (furthest.size() > limit) {
            furthest.remove();
          }
        }
      }
    }
    return furthest.stream()
        .sorted(Comparator.comparingLong(SubscriptionStatus::lag).reversed())
        .toList();
  }

  @Override
  public void endAll(BrokerException reason) {
    ended = reason;
    for (SubscribedSubject subscribed : subjects.all()) {
      subscribed.endAll(reason);
    }
  }

  int subscribedSubjects() {
    return subjects.all().size();
  }

  /** Bytes of messages that the tails of all subjects hold. */
  long tailBytes() {
    return tails.bytes();
  }

  /** How many runs of messages from the store are in memory on their way to a transport. */
  int runsInMemory() {
    return reads.runsInMemory();
  }

  /** On a reading thread, once at a time. */
  private void soon(AtomicBoolean atIt, Runnable look) {
    if (atIt.compareAndSet(false, true)) {
      reads.execute(
          () -> {
            try {
              look.run();
            } finally {
              atIt.set(false);
            }
          });
    }
  }

  private void lookAround() {
    for (Shard shard : shards.all()) {
      if (!shard.servesElsewhere()) {
        String problem = shard.status().problem();
        if (problem != null) {
          endAllOf(shard, problem);
        }
      }
    }
    for (SubscribedSubject subscribed : subjects.all()) {
      if (subscribed.wantsProgress()) {
        readHeadThen(subscribed, LoopSubscriptions::progress);
      }
    }
  }

  /**
   * A replica out of service applies nothing, and nobody else has one: to wait would be in vain.
   */
  private void endAllOf(Shard shard, String problem) {
    var reason =
        new BrokerException(
            Reason.SHARD_STOPPED,
            "shard "
                + shard.number()
                + " is out of service on this node ("
                + problem
                + "); resume at another node, after the last id that came");
    for (SubscribedSubject subscribed : subjects.all()) {
      if (subscribed.shard() == shard) {
        subscribed.endAll(reason);
      }
    }
  }

  @Override
  public void onReplicaChanged(int shard) {
    try {
      reads.execute(() -> feedAllOf(shard));
    } catch (RejectedExecutionException e) {
      return; // closed: nobody is left to feed
    }
  }

  private void feedAllOf(int shard) {
    for (SubscribedSubject subscribed : subjects.all()) {
      if (subscribed.shard().number() == shard) {
        feed(subscribed);
      }
    }
  }

  /**
   * That a replica begins or ceases to serve is told by {@link #onReplicaChanged}; but a
   * subscription may begin at that very moment.
   */
  private void lookAfterSources() {
    for (SubscribedSubject subscribed : subjects.all()) {
      feed(subscribed);
      if (subscribed.isFollowed()) {
        long before = subscribed.head();
        readHeadThen(
            subscribed,
            loop -> {
              if (subscribed.head() > before) {
                loop.tellFollowers();
              }
            });
      }
    }
  }

  private static void feed(SubscribedSubject subscribed) {
    try {
      if (!subscribed.shard().servesHere()) {
        subscribed.endFollowed(nothingToFollow(subscribed.shard()));
      }
      subscribed.feed();
    } catch (RuntimeException e) {
      subscribed.endAll(subscribed.refusal(e));
    }
  }

  private static BrokerException nothingToFollow(Shard shard) {
    return new BrokerException(
        Reason.SHARD_STOPPED,
        "this node has no replica of shard "
            + shard.number()
            + " that serves; follow another one, from the next id");
  }

  private static void readHeadThen(
      SubscribedSubject subscribed, Consumer<LoopSubscriptions> action) {
    try {
      subscribed.readHead();
    } catch (RuntimeException e) {
      if (!subscribed.shard().servesElsewhere()) {
        subscribed.endAll(subscribed.refusal(e));
      }
      return; // another node will be followed
    }
    subscribed.loops().forEach(action);
  }
}
