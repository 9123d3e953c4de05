package org.raftbroker.server.delivery;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.CommitObserver;
import org.raftbroker.raft.GroupCommitConfig;
import org.raftbroker.raft.ReplicaDirectory;
import org.raftbroker.raft.ReplicaStatus;
import org.raftbroker.raft.ReplicatedLog;
import org.raftbroker.raft.ReplicatedShard;
import org.raftbroker.raft.Shards;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.server.ReplicaOfOne;
import org.raftbroker.server.grpc.TestNode;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.fixed.StaticMembership;
import org.raftbroker.server.peer.PeerConfig;
import org.raftbroker.server.peer.PeerConnections;
import org.raftbroker.server.peer.ReplicaFollowers;
import org.raftbroker.server.transport.EventLoops;
import org.raftbroker.storage.Outcome;

/**
 * A node that has no replica of any shard until it is given one: the real shards, followers and
 * delivery, and real connections to the nodes that have replicas.
 */
final class OutsideNode implements AutoCloseable, CommitObserver {
  static final long PATIENCE_MILLIS = 3_000;

  final PeerConnections peers;
  final ReplicaFollowers followers;
  final Shards shards;
  final CursorDelivery delivery;
  private final EventLoops loops = new EventLoops(1);
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final ExecutorService diskReads = Executors.newFixedThreadPool(2);
  private final List<OwnReplica> own = new ArrayList<>();

  private static Member self(String id, List<Member> members) {
    return members.stream().filter(m -> m.id().equals(id)).findFirst().orElseThrow();
  }

  /**
   * @param replicas which of the members have replicas
   */
  OutsideNode(
      Path directory, String id, List<Member> members, List<String> replicas, int shardCount) {
    ReplicaDirectory placed = shard -> replicas;
    peers =
        new PeerConnections(
            new StaticMembership(self(id, members), members),
            TestNode.SECRET,
            PeerConfig.DEFAULT,
            loops);
    followers = new ReplicaFollowers(id, placed, peers, loops);
    ReplicatedShard.Shared shared =
        new ReplicatedShard.Shared(
            id,
            GroupCommitConfig.DEFAULT,
            peers,
            this,
            timer,
            diskReads,
            System::currentTimeMillis,
            PATIENCE_MILLIS,
            null,
            placed,
            peers);
    List<ReplicatedShard> all = new ArrayList<>();
    for (int number = 0; number < shardCount; number++) {
      OwnReplica replica = new OwnReplica(number, directory.resolve(id + "-" + number));
      own.add(replica);
      all.add(new ReplicatedShard(number, replica, replica.applied.reader(), replica, shared));
    }
    shards = new Shards(all);
    delivery =
        new CursorDelivery(
            shards,
            followers,
            Interests.NONE,
            DeliveryConfig.DEFAULT,
            InstantSource.system(),
            (messages, bytes) -> {});
    own.forEach(replica -> replica.applied.listen(delivery));
    delivery.start();
  }

  /** Applies to this node's own replica, whether that serves or not. */
  void apply(Subject subject, List<NewMessage> messages) {
    own.get(shards.of(subject).number()).applied.publish(messages).join();
  }

  /** Lets this node's own replica begin or cease to serve. */
  void serve(Subject subject, boolean serves) {
    int shard = shards.of(subject).number();
    own.get(shard).serves = serves;
    delivery.onReplicaChanged(shard);
  }

  @Override
  public void onCommitted(int shard, int messages, int bytes, long nanos) {}

  @Override
  public void onRetry(int shard, String cause) {}

  @Override
  public void close() {
    followers.close();
    peers.close();
    delivery.close();
    own.forEach(replica -> replica.applied.close());
    timer.shutdownNow();
    diskReads.shutdownNow();
    loops.close(Duration.ofSeconds(5));
  }

  /** A replica that follows a log which never gets to this node by itself. */
  private static final class OwnReplica implements ReplicatedShard.Replica, ReplicatedLog {
    private final ReplicaOfOne applied;
    private volatile boolean serves;

    OwnReplica(int number, Path directory) {
      this.applied = new ReplicaOfOne(number, directory, InstantSource.system());
    }

    @Override
    public boolean serves() {
      return serves;
    }

    @Override
    public ReplicaStatus status() {
      return serves ? applied.status() : ReplicaStatus.absent(applied.number(), null);
    }

    @Override
    public CompletableFuture<String> transferLeadership(@Nullable String toMemberId) {
      return applied.transferLeadership(toMemberId);
    }

    @Override
    public CompletableFuture<List<Outcome>> append(List<Submission> submissions) {
      return CompletableFuture.failedFuture(new IllegalStateException("it does not lead"));
    }

    @Override
    public boolean leads() {
      return false;
    }

    @Override
    public @Nullable String leaderId() {
      return null;
    }

    @Override
    public long leaderlessMillis() {
      return 0;
    }

    @Override
    public CompletableFuture<Void> readBarrier() {
      return applied.readBarrier();
    }

    @Override
    public @Nullable String problem() {
      return null;
    }
  }
}
