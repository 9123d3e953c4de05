package org.raftbroker.raft;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.Outcome;

/**
 * Who leads a shard. This node's own replica knows while it serves. Where there is none that does,
 * the answers to what is forwarded tell: a member that does not lead names the one that does, and
 * where nobody can be named, the replicas are asked one after the other. It stands between group
 * commit and both of its ways, the log and the peers, so that it sees each answer.
 *
 * <p>Nobody leads, as far as this node can tell, from when every replica has said so or could not
 * be reached, until one takes a submission. Then an empty submission asks them all again every now
 * and then, because publishes are refused and would ask nobody.
 *
 * <p>Any thread; nothing is called while the lock is held.
 */
final class LeaderSearch implements ReplicatedLog, PeerLink {
  /** Publishes that wait for an election wait for this in addition. */
  private static final long ASK_ALL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final int shard;
  private final String selfId;
  private final ReplicatedLog own;
  private final BooleanSupplier serves;
  private final ReplicaDirectory directory;
  private final PeerLink peers;
  private final LongSupplier nanoClock;

  // Guarded by "this".
  private @Nullable String leader;

  // Those who did not take what was forwarded and named nobody who might, since one last did.
  private final Set<String> denied = new HashSet<>();
  private int turn;

  // When all had denied; 0: they have not.
  private long leaderlessSinceNanos;
  private long lastAskedAllNanos;

  /**
   * @param own the log of this node's replica, which there may or may not be
   * @param serves whether there is one that serves
   */
  LeaderSearch(
      int shard,
      String selfId,
      ReplicatedLog own,
      BooleanSupplier serves,
      ReplicaDirectory directory,
      PeerLink peers,
      LongSupplier nanoClock) {
    this.shard = shard;
    this.selfId = selfId;
    this.own = own;
    this.serves = serves;
    this.directory = directory;
    this.peers = peers;
    this.nanoClock = nanoClock;
    this.lastAskedAllNanos = nanoClock.getAsLong() - ASK_ALL_NANOS;
  }

  @Override
  public CompletableFuture<List<Outcome>> append(List<Submission> submissions) {
    return own.append(submissions);
  }

  @Override
  public boolean leads() {
    return serves.getAsBoolean() && own.leads();
  }

  /** Who is to be asked next: the leader, or else whoever may know it. */
  @Override
  public @Nullable String leaderId() {
    return relies() ? own.leaderId() : whomToAsk(others());
  }

  /** The member that leads; null while that is not known. */
  @Nullable String knownLeader() {
    String hint = leaderHint();
    if (hint == null && !relies()) {
      askAll();
    }
    return hint;
  }

  /** As {@link #knownLeader}, but asks nobody if it is not known: for one who was asked himself. */
  @Nullable String leaderHint() {
    if (relies()) {
      return own.leaderId();
    }
    synchronized (this) {
      return leader;
    }
  }

  /** Whether what this node's own replica knows is all that there is to know. */
  private boolean relies() {
    return serves.getAsBoolean() || others().isEmpty();
  }

  private synchronized @Nullable String whomToAsk(List<String> others) {
    if (leader != null) {
      return leader;
    }
    for (String other : others) {
      if (!denied.contains(other)) {
        return other;
      }
    }
    return others.isEmpty() ? null : others.get(Math.floorMod(turn, others.size()));
  }

  private List<String> others() {
    List<String> replicas = directory.replicas(shard);
    return replicas.contains(selfId)
        ? replicas.stream().filter(id -> !id.equals(selfId)).toList()
        : replicas;
  }

  @Override
  public CompletableFuture<List<Outcome>> forward(
      String memberId, int toShard, List<Submission> submissions) {
    return peers
        .forward(memberId, toShard, submissions)
        .whenComplete((outcomes, failure) -> learn(memberId, failure));
  }

  private synchronized void learn(String memberId, @Nullable Throwable failure) {
    if (failure == null) {
      leader = memberId;
      denied.clear();
      leaderlessSinceNanos = 0;
      return;
    }
    if (memberId.equals(leader)) {
      leader = null;
    }
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause instanceof NotLeaderException elsewhere
        && !elsewhere.leaderId().equals(memberId)
        && !elsewhere.leaderId().equals(selfId)
        && !denied.contains(elsewhere.leaderId())) {
      leader = elsewhere.leaderId();
      denied.remove(memberId);
      leaderlessSinceNanos = 0;
      return;
    }
    turn++;
    denied.add(memberId);
    if (leaderlessSinceNanos == 0 && denied.containsAll(others())) {
      leaderlessSinceNanos = nanoClock.getAsLong() | 1; // never 0
    }
  }

  @Override
  public long leaderlessMillis() {
    if (relies()) {
      return own.leaderlessMillis();
    }
    long since;
    synchronized (this) {
      since = leaderlessSinceNanos;
    }
    if (since == 0) {
      return 0;
    }
    askAll();
    return TimeUnit.NANOSECONDS.toMillis(nanoClock.getAsLong() - since);
  }

  private void askAll() {
    synchronized (this) {
      long now = nanoClock.getAsLong();
      if (now - lastAskedAllNanos < ASK_ALL_NANOS) {
        return;
      }
      lastAskedAllNanos = now;
    }
    for (String other : others()) {
      var unused = forward(other, shard, List.of());
    }
  }

  @Override
  public CompletableFuture<Void> readBarrier() {
    return own.readBarrier();
  }

  /** Of this node's own replica, if nobody can stand in for it. */
  @Override
  public @Nullable String problem() {
    String problem = own.problem();
    return problem == null || !others().isEmpty() ? null : problem;
  }
}
