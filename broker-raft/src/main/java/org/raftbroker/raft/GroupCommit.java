package org.raftbroker.raft;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.Reason;
import org.raftbroker.raft.command.Command;
import org.raftbroker.raft.command.Command.AppendBatch;
import org.raftbroker.raft.command.Command.SingleCommand;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.OriginState;
import org.raftbroker.storage.Outcome;

/**
 * Gathers what reaches this node for one shard into submissions, and sees each through: to the
 * leader wherever it is, again after a failure, applied once. While one submission is in flight the
 * next one fills; an idle shard sends at once.
 *
 * <p>A retry is safe because a submission has a name, its origin and sequence, and the shard
 * applies each name once and in order. Only when a submission is given up does its outcome stay
 * open; what comes after it then gets a new origin, since under the old one it could never be
 * applied without it.
 *
 * <p>Any thread. State is guarded by "this"; nothing is completed while it is held, because
 * completions call back.
 */
final class GroupCommit {
  /**
   * Submissions in flight at a time, if full; the shard remembers the outcomes of twice as many.
   */
  private static final int MAX_FULL_IN_FLIGHT = OriginState.WINDOW / 2;

  /**
   * A forwarded submission waits for the leader's entry in flight before it gets its own: with two,
   * one is always waiting there.
   */
  private static final int MAX_FORWARDED_IN_FLIGHT = 2;

  /** The shard forgets an origin that is silent for an hour: long before that, begin a new one. */
  private static final long ORIGIN_IDLE_NANOS = TimeUnit.MINUTES.toNanos(10);

  private static final long FIRST_RETRY_MILLIS = 5;
  private static final long MAX_RETRY_MILLIS = 100;
  private static final long TICK_MILLIS = 50;

  private final int shard;
  private final String selfId;
  private final GroupCommitConfig config;
  private final ReplicatedLog log;
  private final EntryQueue entries;
  private final PeerLink peers;
  private final CommitObserver observer;
  private final ScheduledExecutorService timer;
  private final LongSupplier nanoClock;
  private final long leaderlessPatienceMillis;

  private final Deque<Request> queue = new ArrayDeque<>();
  private final Deque<Flight> flights = new ArrayDeque<>();
  private long queuedBytes;
  private long pendingBytes;
  private long origin = newOrigin();
  private long nextSequence = 1;
  private long lastSentNanos;
  private long retryMillis = FIRST_RETRY_MILLIS;
  private boolean retrying;
  private boolean ticking;
  private boolean closed;

  /**
   * @param leaderlessPatienceMillis publishes are refused while no leader has been known for this
   *     long: longer than an election takes
   */
  GroupCommit(
      int shard,
      String selfId,
      GroupCommitConfig config,
      ReplicatedLog log,
      EntryQueue entries,
      PeerLink peers,
      CommitObserver observer,
      ScheduledExecutorService timer,
      LongSupplier nanoClock,
      long leaderlessPatienceMillis) {
    this.shard = shard;
    this.selfId = selfId;
    this.config = config;
    this.log = log;
    this.entries = entries;
    this.peers = peers;
    this.observer = observer;
    this.timer = timer;
    this.nanoClock = nanoClock;
    this.lastSentNanos = nanoClock.getAsLong();
    this.leaderlessPatienceMillis = leaderlessPatienceMillis;
  }

  CompletableFuture<Outcome> publish(List<NewMessage> messages) {
    List<Request> parts = new ArrayList<>(1);
    int from = 0;
    int bytes = 0;
    for (int i = 0; i < messages.size(); i++) {
      int weight = messages.get(i).weight();
      boolean full =
          bytes + weight > config.maxBatchBytes() || i - from == config.maxBatchMessages();
      if (i > from && full) {
        parts.add(new Request(messages.subList(from, i), null, bytes, deadline()));
        from = i;
        bytes = 0;
      }
      bytes += weight;
    }
    parts.add(new Request(messages.subList(from, messages.size()), null, bytes, deadline()));
    return add(parts);
  }

  CompletableFuture<Outcome> submit(SingleCommand command) {
    return add(List.of(new Request(List.of(), command, command.weight(), deadline())));
  }

  private long deadline() {
    return nanoClock.getAsLong() + config.commitTimeout().toNanos();
  }

  private CompletableFuture<Outcome> add(List<Request> parts) {
    long bytes = parts.stream().mapToLong(Request::bytes).sum();
    List<Attempt> attempts;
    synchronized (this) {
      BrokerException refusal = refusal(bytes);
      if (refusal != null) {
        return CompletableFuture.failedFuture(refusal);
      }
      queue.addAll(parts);
      queuedBytes += bytes;
      pendingBytes += bytes;
      attempts = sendWhatMayGo();
      tickLater();
    }
    attempts.forEach(this::follow);
    if (parts.size() == 1) {
      return parts.get(0).outcome;
    }
    return CompletableFuture.allOf(
            parts.stream().map(Request::outcome).toArray(CompletableFuture[]::new))
        .thenApply(
            done -> Outcome.joined(parts.stream().map(part -> part.outcome.join()).toList()));
  }

  private @Nullable BrokerException refusal(long bytes) {
    if (closed) {
      return new BrokerException(
          Reason.SHUTTING_DOWN, "this node is shutting down; retry at another node");
    }
    if (pendingBytes > 0 && pendingBytes + bytes > config.maxPendingBytes()) {
      return new BrokerException(
          Reason.TOO_MANY_PENDING,
          pendingBytes
              + " bytes of messages wait for their acknowledgement at this node, the limit is "
              + config.maxPendingBytes()
              + " for each shard (groupCommit.maxPendingBytes); retry later");
    }
    if (queue.isEmpty() && flights.isEmpty() && log.leaderlessMillis() > leaderlessPatienceMillis) {
      return leaderless();
    }
    return null;
  }

  private BrokerException leaderless() {
    String problem = log.problem();
    return problem == null
        ? new BrokerException(
            Reason.NO_QUORUM,
            "shard "
                + shard
                + " has had no leader for "
                + log.leaderlessMillis()
                + " ms: too few of its replicas are up or reachable from this node; retry later")
        : new BrokerException(Reason.SHARD_STOPPED, problem);
  }

  // -- sending; all under the lock, so that submissions leave in the order of their sequences

  private List<Attempt> sendWhatMayGo() {
    if (queue.isEmpty()) {
      return List.of();
    }
    long now = nanoClock.getAsLong();
    if (flights.isEmpty() && now - lastSentNanos > ORIGIN_IDLE_NANOS) {
      origin = newOrigin();
      nextSequence = 1;
    }
    lastSentNanos = now;
    List<Attempt> attempts = new ArrayList<>(1);
    int maxHalfFull = log.leads() ? 1 : MAX_FORWARDED_IN_FLIGHT;
    while (!queue.isEmpty()
        && (flights.size() < maxHalfFull
            || (queuedBytes >= config.maxBatchBytes() && flights.size() < MAX_FULL_IN_FLIGHT))) {
      Flight flight = new Flight(takeBatch());
      flights.add(flight);
      if (flights.size() > 1 && !flights.peek().underWay) {
        break; // the ones before wait for a retry, and take this one along
      }
      attempt(flight, attempts);
    }
    return attempts;
  }

  private Batch takeBatch() {
    List<Request> requests = new ArrayList<>();
    List<NewMessage> messages = new ArrayList<>();
    int bytes = 0;
    for (Request next = queue.peek(); next != null; next = queue.peek()) {
      if (!requests.isEmpty()
          && (next.command != null
              || bytes + next.bytes > config.maxBatchBytes()
              || messages.size() + next.messages.size() > config.maxBatchMessages())) {
        break;
      }
      requests.add(queue.remove());
      messages.addAll(next.messages);
      bytes += next.bytes;
      if (next.command != null) {
        break;
      }
    }
    queuedBytes -= bytes;
    SingleCommand single = requests.get(0).command;
    Command command = single == null ? new AppendBatch(messages) : single;
    return new Batch(new Submission(origin, nextSequence++, command), requests, bytes);
  }

  /** Sends a flight if there is a way; otherwise its retry is due later. */
  private void attempt(Flight flight, List<Attempt> attempts) {
    flight.underWay = false;
    flight.oldestAtAttempt = flight == flights.peek();
    if (log.leads()) {
      flight.underWay = true;
      flight.attempts++;
      attempts.add(new Attempt(flight, entries.add(flight.batch.submission)));
      return;
    }
    String leader = log.leaderId();
    if (leader != null && !leader.equals(selfId)) {
      flight.underWay = true;
      flight.attempts++;
      attempts.add(
          new Attempt(
              flight,
              peers
                  .forward(leader, shard, List.of(flight.batch.submission))
                  .thenApply(outcomes -> outcomes.get(0))));
      return;
    }
    retryLater();
  }

  private void follow(Attempt attempt) {
    var unused =
        attempt.outcome.whenComplete(
            (outcome, failure) -> finish(attempt.flight, outcome, failure));
  }

  // -- what came of it

  private void finish(Flight flight, @Nullable Outcome outcome, @Nullable Throwable failure) {
    List<Flight> done = List.of();
    List<Attempt> attempts = List.of();
    BrokerException lost = null;
    synchronized (this) {
      flight.underWay = false;
      if (!flights.contains(flight)) {
        return; // given up meanwhile
      }
      if (outcome != null && outcome.isApplied()) {
        flights.remove(flight);
        pendingBytes -= flight.batch.bytes;
        flight.outcome = outcome;
        done = List.of(flight);
        retryMillis = FIRST_RETRY_MILLIS;
        attempts = sendWhatMayGo();
      } else if (outcome != null && flight.oldestAtAttempt) {
        // Nothing was before it, so the shard has forgotten its origin, as after a leap of the
        // clock.
        if (flight.attempts > 1) {
          lost =
              new BrokerException(
                  Reason.NO_QUORUM,
                  "shard " + shard + " no longer knows whether this was applied; retry");
          done = giveUpFlights();
          attempts = sendWhatMayGo();
        } else {
          attempts = resendUnderNewOrigin();
        }
      } else {
        retryLater();
      }
    }
    if (failure != null) {
      observer.onRetry(shard, String.valueOf(failure.getMessage()));
    }
    for (Flight one : done) {
      one.batch.answer(one.outcome, lost);
    }
    attempts.forEach(this::follow);
  }

  /**
   * Only if none of the flights can have been applied: the first one was refused at its first
   * attempt, and the rest needs it.
   */
  private List<Attempt> resendUnderNewOrigin() {
    List<Flight> refused = giveUpFlights();
    List<Attempt> attempts = new ArrayList<>();
    for (Flight flight : refused) {
      pendingBytes += flight.batch.bytes;
      Flight again = new Flight(flight.batch.named(origin, nextSequence++));
      flights.add(again);
      attempt(again, attempts);
    }
    return attempts;
  }

  private void retryLater() {
    if (!retrying) {
      retrying = true;
      var unused = timer.schedule(this::retry, retryMillis, TimeUnit.MILLISECONDS);
      retryMillis = Math.min(2 * retryMillis, MAX_RETRY_MILLIS);
    }
  }

  private void retry() {
    List<Attempt> attempts = new ArrayList<>();
    synchronized (this) {
      retrying = false;
      for (Flight flight : flights) {
        if (!flight.underWay) {
          attempt(flight, attempts);
        }
      }
    }
    attempts.forEach(this::follow);
  }

  // -- time

  private void tickLater() {
    if (!ticking && (!queue.isEmpty() || !flights.isEmpty())) {
      ticking = true;
      var unused = timer.schedule(this::tick, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private void tick() {
    List<Flight> givenUp = List.of();
    List<Request> refused = new ArrayList<>();
    List<Attempt> attempts = List.of();
    BrokerException reason;
    synchronized (this) {
      ticking = false;
      long now = nanoClock.getAsLong();
      boolean leaderless = log.leaderlessMillis() > leaderlessPatienceMillis;
      reason = leaderless ? leaderless() : timedOut();
      Flight oldest = flights.peek();
      if (oldest != null && (leaderless || oldest.batch.requests.get(0).deadlineNanos - now <= 0)) {
        givenUp = giveUpFlights();
      }
      for (Request next = queue.peek();
          next != null && (leaderless || next.deadlineNanos - now <= 0);
          next = queue.peek()) {
        refused.add(queue.remove());
        queuedBytes -= next.bytes;
        pendingBytes -= next.bytes;
      }
      attempts = sendWhatMayGo();
      tickLater();
    }
    givenUp.forEach(flight -> flight.batch.answer(null, reason));
    refused.forEach(request -> request.outcome.completeExceptionally(reason));
    attempts.forEach(this::follow);
  }

  private BrokerException timedOut() {
    return new BrokerException(
        Reason.NO_QUORUM,
        "not acknowledged by a majority of shard "
            + shard
            + " within "
            + config.commitTimeout().toMillis()
            + " ms (groupCommit.commitTimeout); it may still happen: retry with the same idempotency key");
  }

  private List<Flight> giveUpFlights() {
    List<Flight> givenUp = List.copyOf(flights);
    flights.clear();
    givenUp.forEach(flight -> pendingBytes -= flight.batch.bytes);
    origin = newOrigin();
    nextSequence = 1;
    return givenUp;
  }

  private static long newOrigin() {
    long origin;
    do {
      origin = ThreadLocalRandom.current().nextLong();
    } while (origin == Submission.NO_ORIGIN);
    return origin;
  }

  /** Takes no more; what is under way is still seen through. Completes when nothing is left. */
  CompletableFuture<Void> close() {
    List<CompletableFuture<Outcome>> left = new ArrayList<>();
    synchronized (this) {
      closed = true;
      queue.forEach(request -> left.add(request.outcome));
      flights.forEach(flight -> flight.batch.requests.forEach(r -> left.add(r.outcome)));
    }
    return CompletableFuture.allOf(left.toArray(CompletableFuture[]::new))
        .handle((done, failure) -> null);
  }

  /** What one caller wants: messages published, or a command applied. */
  private record Request(
      List<NewMessage> messages,
      @Nullable SingleCommand command,
      int bytes,
      long deadlineNanos,
      CompletableFuture<Outcome> outcome) {
    Request(List<NewMessage> messages, @Nullable SingleCommand command, int bytes, long deadline) {
      this(messages, command, bytes, deadline, new CompletableFuture<>());
    }
  }

  /** Requests that share a submission. */
  private record Batch(Submission submission, List<Request> requests, int bytes) {
    Batch named(long origin, long sequence) {
      return new Batch(new Submission(origin, sequence, submission.command()), requests, bytes);
    }

    void answer(@Nullable Outcome outcome, @Nullable BrokerException failure) {
      int from = 0;
      for (Request request : requests) {
        if (outcome == null) {
          request.outcome.completeExceptionally(failure);
        } else {
          int count = request.command == null ? request.messages.size() : 1;
          request.outcome.complete(outcome.slice(from, count));
          from += count;
        }
      }
    }
  }

  /** A batch on its way; mutable parts are guarded by the group commit's lock. */
  private static final class Flight {
    final Batch batch;
    boolean underWay;
    boolean oldestAtAttempt;
    int attempts;
    @Nullable Outcome outcome;

    Flight(Batch batch) {
      this.batch = batch;
    }
  }

  private record Attempt(Flight flight, CompletableFuture<Outcome> outcome) {}
}
