package org.raftbroker.server.peer;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.ReplicaDirectory;
import org.raftbroker.server.delivery.Followers;
import org.raftbroker.server.transport.EventLoops;

/** Follows subjects at other nodes, a {@link ReplicaFollower} for each shard. Any thread. */
public final class ReplicaFollowers implements Followers {
  private static final long LOOK_MILLIS = 1_000;

  private final String selfId;
  private final ReplicaDirectory directory;
  private final PeerConnections peers;
  private final EventLoops loops;
  private final Map<Integer, ReplicaFollower> followerByShard = new ConcurrentHashMap<>();

  /**
   * @param directory says at which members a shard can be followed
   */
  public ReplicaFollowers(
      String selfId, ReplicaDirectory directory, PeerConnections peers, EventLoops loops) {
    this.selfId = selfId;
    this.directory = directory;
    this.peers = peers;
    this.loops = loops;
  }

  @Override
  public Following follow(int shard, Subject subject, long fromId, Follower follower) {
    return followerByShard
        .computeIfAbsent(shard, this::newFollower)
        .follow(subject, fromId, follower);
  }

  private ReplicaFollower newFollower(int shard) {
    ReplicaFollower created = new ReplicaFollower(shard, selfId, directory, peers, loops.next());
    var unused =
        loops
            .next()
            .scheduleAtFixedRate(created::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    return created;
  }

  /** Ends all streams; nothing is brought any more. */
  public void close() {
    followerByShard.values().forEach(ReplicaFollower::close);
  }
}
