package org.raftbroker.server.delivery;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.MessageRun;
import org.raftbroker.raft.Shard;
import org.raftbroker.raft.SubjectBounds;
import org.raftbroker.storage.StoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A subject with subscriptions on this node: its tail, where that is filled from, its head as far
 * as delivery knows, and the subscriptions by event loop. Any thread unless said otherwise.
 */
final class SubscribedSubject implements Followers.Follower {
  private static final Logger log = LoggerFactory.getLogger(SubscribedSubject.class);

  private final Subject subject;
  private final Shard shard;
  private final SubjectTail tail;
  private final SubscribedSubjects all;
  private final Followers followers;
  private final AtomicLong head = new AtomicLong();
  private final Map<Executor, LoopSubscriptions> loops = new ConcurrentHashMap<>();

  // Subscriptions, those included that are still being put in place. Only touched by
  // SubscribedSubjects, one thread at a time.
  int members;
  int clients;

  // Null while no client is among them. Written by SubscribedSubjects, one thread at a time.
  volatile @Nullable CompletableFuture<Void> knownToPeers;

  // Only touched on the shard's apply thread.
  private boolean touched;

  // Guarded by "this". Not null: messages come from another node.
  private Followers.@Nullable Following following;
  private boolean closed;

  SubscribedSubject(
      Subject subject, Shard shard, SubjectTail tail, SubscribedSubjects all, Followers followers) {
    this.subject = subject;
    this.shard = shard;
    this.tail = tail;
    this.all = all;
    this.followers = followers;
  }

  Subject subject() {
    return subject;
  }

  Shard shard() {
    return shard;
  }

  SubjectTail tail() {
    return tail;
  }

  /**
   * At least the id of each message that the tail was ever given or a read has brought. A message
   * at or below it that the tail does not have is in the store.
   */
  long head() {
    return head.get();
  }

  Collection<LoopSubscriptions> loops() {
    return loops.values();
  }

  boolean wantsProgress() {
    return any(CursorSubscription::wantsProgress);
  }

  /** Whether other nodes follow it here. */
  boolean isFollowed() {
    return any(CursorSubscription::isOfANode);
  }

  private boolean any(Predicate<CursorSubscription> condition) {
    for (LoopSubscriptions loop : loops.values()) {
      for (CursorSubscription subscription : loop.all()) {
        if (condition.test(subscription)) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * Takes new messages, without waking anyone. Only on the shard's apply thread.
   *
   * @return whether this is the first time since the last {@link #wake()}
   */
  boolean append(List<StoredMessage> messages) {
    tail.append(messages);
    // After the tail: whoever sees this head finds the messages there.
    raiseHead(messages.get(messages.size() - 1).id());
    boolean first = !touched;
    touched = true;
    return first;
  }

  /** Lets every subscription look for what is new. Only on the shard's apply thread. */
  void wake() {
    touched = false;
    wakeAll();
  }

  private void wakeAll() {
    for (LoopSubscriptions loop : loops.values()) {
      loop.wake();
    }
  }

  /**
   * Sees to it that messages come from another node while this one has no replica that serves. From
   * the head on: what is before it is in the tail or can be read. Never blocks.
   */
  void followElsewhere() {
    synchronized (this) {
      if (closed || following != null || shard.servesHere() || !shard.servesElsewhere()) {
        return;
      }
      following = followers.follow(shard.number(), subject, head() + 1, this);
    }
  }

  /**
   * Sees to it that messages come from where they are: this node's replica while that serves,
   * otherwise another node. What is applied here comes to the tail in any case, so for a moment
   * both may bring the same, which the tail passes over. May touch the disk.
   */
  void feed() {
    if (!shard.servesHere()) {
      followElsewhere();
      return;
    }
    Followers.Following before;
    synchronized (this) {
      before = following;
      following = null;
    }
    if (before != null) {
      // What was applied before this replica served may not have been brought by the other one.
      readHead();
      before.stop();
      wakeAll();
    }
  }

  @Override
  public void onMessages(List<StoredMessage> messages) {
    tail.append(messages);
    // After the tail: whoever sees this head finds the messages there.
    raiseHead(messages.get(messages.size() - 1).id());
    wakeAll();
  }

  @Override
  public void onHead(long id) {
    if (id > head()) {
      raiseHead(id);
      wakeAll();
    }
  }

  /** Nobody is left to bring messages to. */
  void close() {
    Followers.Following before;
    synchronized (this) {
      closed = true;
      before = following;
      following = null;
    }
    if (before != null) {
      before.stop();
    }
    tail.close();
  }

  /** Finds how far this node's replica is. May touch the disk. */
  void readHead() {
    raiseHead(shard.headHere(subject));
  }

  /**
   * Reads on for a subscription. May touch the disk before it returns.
   *
   * @return fails with a {@link BrokerException} if no replica has as much as this subject's head:
   *     it has lost its store and is being rebuilt, and to wait for that would be to ask again and
   *     again; or if the archive, which has what is no longer in the store, does not answer
   */
  CompletableFuture<MessageRun> read(long fromId, int maxBytes) {
    long known = head();
    return shard
        .read(subject, fromId, maxBytes, known)
        .thenApply(
            run -> {
              if (run.isShortOf(known)) {
                throw stopped("is rebuilding");
              }
              raiseHead(run.knownHead());
              return run;
            });
  }

  /** The first id that a subscription wants. */
  CompletableFuture<Long> firstId(Start start) {
    // To begin with what is new, or was published at some time, is to know what is newest.
    boolean upToDate = start instanceof Start.New || start instanceof Start.FromTime;
    return shard.bounds(subject, upToDate).thenCompose(bounds -> firstId(start, bounds));
  }

  private CompletableFuture<Long> firstId(Start start, SubjectBounds bounds) {
    raiseHead(bounds.head());
    if (start instanceof Start.FromTime from) {
      return shard.firstIdAtOrAfter(subject, from.millis());
    }
    if (start instanceof Start.New) {
      return CompletableFuture.completedFuture(bounds.head() + 1);
    }
    // Not before it, even though a tail may still have what was purged.
    return CompletableFuture.completedFuture(
        start instanceof Start.FromId from
            ? Math.max(from.id(), bounds.firstId())
            : bounds.firstId());
  }

  /** Completes when a broadcast of any node comes to the subscription. */
  CompletableFuture<Void> knownToPeers(CursorSubscription.For whom) {
    CompletableFuture<Void> known = knownToPeers;
    return whom == CursorSubscription.For.NODE || known == null
        ? CompletableFuture.completedFuture(null)
        : known;
  }

  /** The place for a subscription that uses {@code executor}. */
  void add(CursorSubscription subscription, Executor executor) {
    loops.compute(
        executor,
        (key, there) -> {
          LoopSubscriptions loop = there == null ? new LoopSubscriptions(key) : there;
          loop.add(subscription);
          return loop;
        });
  }

  /** Undoes {@link #add} and the {@link SubscribedSubjects#join} before it. */
  void remove(CursorSubscription subscription, Executor executor) {
    loops.computeIfPresent(
        executor,
        (key, loop) -> {
          loop.remove(subscription);
          return loop.isEmpty() ? null : loop;
        });
    all.leave(this, subscription.whom());
  }

  void endAll(BrokerException reason) {
    end(reason, subscription -> true);
  }

  /** Ends those of other nodes: this one has nothing of its own to be followed any more. */
  void endFollowed(BrokerException reason) {
    end(reason, CursorSubscription::isOfANode);
  }

  private void end(BrokerException reason, Predicate<CursorSubscription> which) {
    for (LoopSubscriptions loop : loops.values()) {
      loop.end(reason, which);
    }
  }

  /** What a client is told when its subscription cannot go on; says the cause to the operator. */
  BrokerException refusal(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException e && e.getCause() != null ? e.getCause() : failure;
    if (cause instanceof BrokerException refusal) {
      return refusal;
    }
    if (cause instanceof RejectedExecutionException) {
      return new BrokerException(
          Reason.SHUTTING_DOWN,
          "this node is stopping; subscribe to \"" + subject + "\" at another one");
    }
    if (cause instanceof StoreException) {
      log.atWarn()
          .addKeyValue("shard", shard.number())
          .addKeyValue("subject", subject)
          .addKeyValue("cause", cause.getMessage())
          .log("subscription ended because the store cannot be read");
    } else {
      // A defect of ours. Going on could skip messages, so the stream ends.
      log.atError()
          .setCause(cause)
          .addKeyValue("shard", shard.number())
          .addKeyValue("subject", subject)
          .log("subscription failed unexpectedly");
    }
    return stopped("cannot read");
  }

  private BrokerException stopped(String what) {
    return new BrokerException(
        Reason.SHARD_STOPPED,
        "this node "
            + what
            + " shard "
            + shard.number()
            + ", which \""
            + subject
            + "\" belongs to; its log has the cause. Resume at another node, after the last id that"
            + " came");
  }

  private void raiseHead(long id) {
    if (id > head.get()) {
      head.accumulateAndGet(id, Math::max);
    }
  }
}
