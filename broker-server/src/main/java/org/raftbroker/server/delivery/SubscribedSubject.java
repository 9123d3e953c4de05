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
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.Shard;
import org.raftbroker.storage.StoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A subject with subscriptions on this node: its tail, its head as far as delivery knows, and the
 * subscriptions by event loop. Any thread unless said otherwise.
 */
final class SubscribedSubject {
  private static final Logger log = LoggerFactory.getLogger(SubscribedSubject.class);

  private final Subject subject;
  private final Shard shard;
  private final SubjectTail tail;
  private final SubscribedSubjects all;
  private final AtomicLong head = new AtomicLong();
  private final Map<Executor, LoopSubscriptions> loops = new ConcurrentHashMap<>();

  // Subscriptions, those included that are still being put in place. Only touched by
  // SubscribedSubjects, one thread at a time.
  int members;

  // Only touched on the shard's apply thread.
  private boolean touched;

  SubscribedSubject(Subject subject, Shard shard, SubjectTail tail, SubscribedSubjects all) {
    this.subject = subject;
    this.shard = shard;
    this.tail = tail;
    this.all = all;
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
    for (LoopSubscriptions loop : loops.values()) {
      for (CursorSubscription subscription : loop.all()) {
        if (subscription.wantsProgress()) {
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
    for (LoopSubscriptions loop : loops.values()) {
      loop.wake();
    }
  }

  /** Finds the head in the store. May touch the disk. */
  long readHead() {
    long stored = shard.reader().head(subject);
    raiseHead(stored);
    return stored;
  }

  /**
   * Reads on for a subscription. May touch the disk.
   *
   * @return fails with a {@link BrokerException} if the store has less than this subject's head:
   *     the replica has lost its store and is being rebuilt, and to wait for that would be to ask
   *     again and again; or if the archive, which has what is no longer in the store, does not
   *     answer
   */
  CompletableFuture<StoreRun> read(long fromId, int maxBytes) {
    long known = head();
    long keptFrom = Math.max(fromId, shard.reader().firstId(subject));
    if (keptFrom > shard.reader().archivedId(subject)) {
      StoreRun run = StoreRun.read(shard.reader(), subject, keptFrom, maxBytes);
      // Once more: what the archiver moved while the store was read is missing from the run.
      if (keptFrom > shard.reader().archivedId(subject)) {
        if (run.messages().isEmpty() && run.completeTo() < known) {
          throw stopped("is rebuilding");
        }
        raiseHead(run.knownHead());
        return CompletableFuture.completedFuture(run);
      }
    }
    return shard
        .readArchived(subject, keptFrom, maxBytes)
        .thenApply(run -> new StoreRun(run.messages(), run.completeTo()));
  }

  /** The first id that a subscription wants. May touch the disk before it returns. */
  CompletableFuture<Long> firstId(Start start) {
    long stored = readHead();
    if (start instanceof Start.FromTime from) {
      return shard.firstIdAtOrAfter(subject, from.millis());
    }
    if (start instanceof Start.New) {
      return CompletableFuture.completedFuture(stored + 1);
    }
    // Not before it, even though a tail may still have what was purged.
    long firstId = shard.reader().firstId(subject);
    return CompletableFuture.completedFuture(
        start instanceof Start.FromId from ? Math.max(from.id(), firstId) : firstId);
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
    all.leave(this);
  }

  void endAll(BrokerException reason) {
    for (LoopSubscriptions loop : loops.values()) {
      loop.endAll(reason);
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
