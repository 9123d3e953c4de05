package org.raftbroker.systemtests.load;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.systemtests.cluster.NodeClient;
import org.raftbroker.systemtests.history.Attempt;
import org.raftbroker.systemtests.history.History;
import org.raftbroker.systemtests.history.HistoryChecker;
import org.raftbroker.systemtests.history.Publish;
import org.raftbroker.systemtests.history.SlowPublish;
import org.raftbroker.systemtests.history.SubscriberRecord.Begin;
import org.raftbroker.systemtests.history.Verdict;

/**
 * All clients of a {@link LoadPlan} at work, until told to stop; then reads everything back from
 * every node and has the history judged. Used by one thread.
 */
public final class Load implements AutoCloseable {
  private static final Duration SUBSCRIBE_BOUND = Duration.ofSeconds(20);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final Duration SLOW_PAUSE = Duration.ofMillis(50);
  private static final double FETCHES_PER_SECOND = 100;
  private static final double RESERVATIONS_PER_SECOND = 20;

  private final LoadPlan plan;
  private final Nodes nodes;
  private final History history;
  private final Random random;
  private final Progress progress = new Progress();
  private final RecentIds recent = new RecentIds();
  private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
  private final List<Thread> threads = new ArrayList<>();
  private final List<Subscriber> subscribers = new ArrayList<>();
  private final long startedAtNanos = System.nanoTime();
  private long stoppedAtNanos;
  private int nextSubject;

  private Load(LoadPlan plan, List<NodeClient> nodes, long seed) {
    this.plan = plan;
    this.nodes = new Nodes(nodes);
    this.history = new History(nodes.stream().map(NodeClient::node).toList());
    this.random = new Random(seed);
  }

  /** Puts all subscriptions in place, then lets the other clients begin. */
  public static Load start(LoadPlan plan, List<NodeClient> nodes, long seed) {
    Load load = new Load(plan, nodes, seed);
    try {
      load.subscribe();
      load.publish();
      load.fetchAndReserve();
      load.threads.forEach(Thread::start);
      return load;
    } catch (RuntimeException | Error e) {
      load.close();
      throw e;
    }
  }

  private void subscribe() {
    for (int node = 0; node < nodes.size(); node++) {
      for (int i = 0; i < plan.staying(); i++) {
        subscribers.add(
            Subscriber.staying(
                nodes.at(node),
                Duration.ZERO,
                history.subscriber(
                    "staying-" + nodes.at(node).node() + "-" + i, subject(), new Begin.New()),
                history,
                timer));
      }
      addResuming("resuming", plan.resuming(), node, Duration.ZERO, new Begin.New());
      addResuming("replaying", plan.replaying(), node, Duration.ZERO, new Begin.FromId(1));
      addResuming("slow", plan.slow(), node, SLOW_PAUSE, new Begin.New());
    }
    subscribers.forEach(Subscriber::start);
    Awaitility.await("all subscriptions are in place")
        .atMost(SUBSCRIBE_BOUND)
        .pollInterval(POLL)
        .until(() -> subscribers.stream().allMatch(Subscriber::isInPlace));
  }

  private void addResuming(String kind, int count, int home, Duration pause, Begin begin) {
    for (int i = 0; i < count; i++) {
      String name = kind + "-" + nodes.at(home).node() + "-" + i;
      subscribers.add(
          Subscriber.resuming(
              nodes, home, pause, history.subscriber(name, subject(), begin), history, timer));
    }
  }

  private String subject() {
    return plan.subjects().get(nextSubject++ % plan.subjects().size());
  }

  private void publish() {
    for (int node = 0; node < nodes.size(); node++) {
      for (int i = 0; i < plan.unaryPublishersPerNode(); i++) {
        String name = "unary-" + nodes.at(node).node() + "-" + i;
        boolean withKeys = i % 2 == 0;
        add(
            name,
            new UnaryPublisher(
                name,
                subject(),
                withKeys,
                node,
                nodes,
                payloads(name),
                pace(),
                history,
                progress,
                recent));
      }
      for (int i = 0; i < plan.streamPublishersPerNode(); i++) {
        String name = "stream-" + nodes.at(node).node() + "-" + i;
        add(
            name,
            new StreamPublisher(
                name,
                subject(),
                node,
                nodes,
                payloads(name),
                pace(),
                new Random(random.nextLong()),
                history,
                progress,
                recent));
      }
    }
  }

  private void fetchAndReserve() {
    for (int i = 0; i < plan.fetchers(); i++) {
      Random own = new Random(random.nextLong());
      Pace pace = new Pace(FETCHES_PER_SECOND);
      add("fetcher-" + i, new Fetcher(nodes, recent, pace, own, history, progress));
    }
    for (int i = 0; i < plan.reservers(); i++) {
      Random own = new Random(random.nextLong());
      Pace pace = new Pace(RESERVATIONS_PER_SECOND);
      add("reserver-" + i, new Reserver(plan.subjects(), nodes, pace, own, history, progress));
    }
  }

  private Payloads payloads(String publisher) {
    return new Payloads(publisher, plan.bodyBytes(), new Random(random.nextLong()));
  }

  private Pace pace() {
    return new Pace(plan.messagesPerSecond());
  }

  private void add(String name, Runnable client) {
    Thread thread = new Thread(client, name);
    thread.setUncaughtExceptionHandler((t, defect) -> progress.defect(defect));
    threads.add(thread);
  }

  /** Publishes acknowledged so far. */
  public long acknowledged() {
    return progress.acknowledgedCount();
  }

  /** Messages with a key that no attempt got through in {@link Retry#GIVE_UP_AFTER}. */
  public long givenUp() {
    return progress.givenUpCount();
  }

  /** How often a publisher had to try something again. */
  public long retries() {
    return progress.retryCount();
  }

  /**
   * Names of subscribers that were to stay with their node and lost their stream; each names its
   * node.
   */
  public List<String> subscribersBrokenOff() {
    return subscribers.stream()
        .filter(subscriber -> !subscriber.isAlive())
        .map(subscriber -> subscriber.record().name() + " (" + subscriber.lastEnd() + ")")
        .toList();
  }

  /** The longest time without an acknowledgement, from the first moment to {@link #stop}. */
  public Duration longestStretchWithoutAcknowledgement() {
    long end = stoppedAtNanos == 0 ? System.nanoTime() : stoppedAtNanos;
    return history.longestStretchWithoutAcknowledgement(startedAtNanos, end);
  }

  /** The acknowledged publishes that took longest, the slowest first. */
  public List<SlowPublish> slowestPublishes(int most) {
    return history.slowestPublishes(most);
  }

  /** Lets the clients go on until so many more publishes are acknowledged. */
  public void awaitAcknowledged(long more, Duration bound) {
    long target = acknowledged() + more;
    Awaitility.await(more + " more acknowledged publishes")
        .atMost(bound)
        .pollInterval(POLL)
        .until(() -> acknowledged() >= target || !progress.defects().isEmpty());
  }

  /** Ends publishers, fetchers and reservers; each finishes what it began. */
  public void stop() {
    stoppedAtNanos = System.nanoTime();
    progress.stop();
    for (Thread thread : threads) {
      try {
        thread.join(Retry.GIVE_UP_AFTER.toMillis() * 2);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
      if (thread.isAlive()) {
        throw new IllegalStateException(thread.getName() + " does not end");
      }
    }
    threads.clear();
    if (!progress.defects().isEmpty()) {
      throw new IllegalStateException("a client has a defect", progress.defects().peek());
    }
  }

  /**
   * Stops, waits until every living subscriber has the last message, reads every subject from every
   * node, and judges. All nodes must be running.
   *
   * @param bound for each step
   */
  public Verdict settle(Duration bound) throws InterruptedException {
    stop();
    for (String subject : plan.subjects()) {
      long lastId = publishLast(subject, bound);
      for (Subscriber subscriber : subscribers) {
        if (subscriber.record().subject().equals(subject)) {
          subscriber.speedUp();
          if (subscriber.isAlive()) {
            subscriber.awaitId(lastId, bound);
            // Whether it came or not: if not, the checker calls it a gap.
            subscriber.record().owedAll();
          }
        }
      }
      for (NodeClient node : nodes.clients()) {
        FinalRead.read(node, subject, lastId, bound, history);
      }
    }
    subscribers.forEach(Subscriber::close);
    return HistoryChecker.check(history);
  }

  private long publishLast(String subject, Duration bound) {
    String last = "the last message of " + subject;
    Publish publish = history.publish(subject, ByteString.copyFromUtf8(last), last);
    PublishRequest request =
        PublishRequest.newBuilder()
            .setSubject(subject)
            .setBody(publish.body())
            .setIdempotencyKey(last)
            .build();
    long giveUpAt = System.nanoTime() + bound.toNanos();
    for (int turn = 0; ; turn++) {
      Attempt attempt = publish.attempt(System.nanoTime()).at(nodes.at(turn).node());
      try {
        long id = nodes.at(turn).broker(Retry.CALL_DEADLINE).publish(request).getId();
        attempt.acknowledged(id, System.nanoTime());
        return id;
      } catch (StatusRuntimeException e) {
        Retry.recordAndAskForMore(attempt, e.getStatus(), System.nanoTime());
        if (System.nanoTime() - giveUpAt > 0) {
          throw new IllegalStateException("cannot publish the last message of " + subject, e);
        }
        LockSupport.parkNanos(Retry.PAUSE.toNanos());
      }
    }
  }

  @Override
  public void close() {
    progress.stop();
    subscribers.forEach(Subscriber::close);
    threads.forEach(Thread::interrupt);
    timer.shutdownNow();
  }
}
