package org.raftbroker.server.peer;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.proto.peer.FollowRequest;
import org.raftbroker.proto.peer.FollowResponse;
import org.raftbroker.proto.peer.FollowSubject;
import org.raftbroker.raft.ReplicaDirectory;
import org.raftbroker.server.delivery.Followers.Follower;
import org.raftbroker.server.delivery.Followers.Following;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows subjects of one shard at a replica on another node, all of them on one stream: thousands
 * cost that node's connection no more than one. When the stream ends, or is silent for longer than
 * a replica that is well ever is, all go on at the next replica, each from its next id, so nothing
 * is missed and nothing comes twice.
 *
 * <p>What is brought is only kept in tails, which have a bound, so it is taken as fast as it comes.
 *
 * <p>Any thread; state is guarded by "this". Followers are called outside of the lock, on event
 * loops.
 */
final class ReplicaFollower {
  private static final Logger log = LoggerFactory.getLogger(ReplicaFollower.class);

  /** A few signs of life. */
  private static final long MAX_SILENCE_NANOS =
      TimeUnit.MILLISECONDS.toNanos(3 * FollowCall.SIGN_OF_LIFE_MILLIS);

  private static final long FIRST_PAUSE_MILLIS = 20;
  private static final long MAX_PAUSE_MILLIS = 1_000;

  /** Frames under way while one is being taken. */
  private static final int FRAMES_AHEAD = 4;

  private final int shard;
  private final String selfId;
  private final ReplicaDirectory directory;
  private final PeerConnections peers;
  private final EventExecutor timer;

  private final Map<Long, Followed> followedByKey = new LinkedHashMap<>();
  private @Nullable Stream stream;
  private boolean pausing;
  private boolean closed;
  private long pauseMillis = FIRST_PAUSE_MILLIS;
  private long lastKey;
  private int turn;

  ReplicaFollower(
      int shard,
      String selfId,
      ReplicaDirectory directory,
      PeerConnections peers,
      EventExecutor timer) {
    this.shard = shard;
    this.selfId = selfId;
    this.directory = directory;
    this.peers = peers;
    this.timer = timer;
    // So that the nodes without a replica do not all begin at the same one.
    this.turn = selfId.hashCode() + shard;
  }

  Following follow(Subject subject, long fromId, Follower follower) {
    Followed followed;
    synchronized (this) {
      followed = new Followed(++lastKey, subject, fromId, follower);
      followedByKey.put(followed.key, followed);
      if (stream != null) {
        stream.add(followed);
      } else {
        openUnlessPausing();
      }
    }
    return followed;
  }

  /** To be called about every second: looks whether the replica has given a sign of life. */
  void look() {
    Stream silent;
    synchronized (this) {
      if (stream == null || System.nanoTime() - stream.lastHeardNanos < MAX_SILENCE_NANOS) {
        return;
      }
      silent = stream;
      leave(silent, "silent for " + TimeUnit.NANOSECONDS.toMillis(MAX_SILENCE_NANOS) + " ms");
    }
    silent.call.cancel("nothing was heard of the replica, not even that it is in touch", null);
  }

  /** Nothing is brought any more. */
  synchronized void close() {
    closed = true;
    followedByKey.clear();
    endStream();
  }

  private void endStream() {
    Stream ended = stream;
    stream = null;
    if (ended != null) {
      ended.call.cancel("nothing is to be followed any more", null);
    }
  }

  // -- with the lock

  private void openUnlessPausing() {
    if (pausing || closed || followedByKey.isEmpty()) {
      return;
    }
    List<String> others =
        directory.replicas(shard).stream().filter(id -> !id.equals(selfId)).toList();
    ClientCall<FollowRequest, FollowResponse> call = null;
    String member = "";
    if (!others.isEmpty()) {
      member = others.get(Math.floorMod(turn, others.size()));
      call = peers.follow(member);
    }
    if (call == null) {
      pause();
      return;
    }
    Stream opened = new Stream(member, call);
    // First: a call that cannot even start ends before start returns.
    stream = opened;
    call.start(opened, new Metadata());
    call.request(FRAMES_AHEAD);
    for (Followed followed : followedByKey.values()) {
      if (stream == opened) {
        opened.add(followed);
      }
    }
  }

  private void pause() {
    pausing = true;
    turn++;
    try {
      var unused =
          timer.schedule(
              () -> {
                synchronized (this) {
                  pausing = false;
                  if (stream == null) {
                    openUnlessPausing();
                  }
                }
              },
              pauseMillis,
              TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      closed = true; // the node's event loops have ended, and its subscriptions with them
    }
    pauseMillis = Math.min(2 * pauseMillis, MAX_PAUSE_MILLIS);
  }

  // -- what comes

  private synchronized void leave(Stream ended, String why) {
    if (stream != ended) {
      return; // it was left before
    }
    stream = null;
    if (!closed && !followedByKey.isEmpty()) {
      pause();
    }
    log.atInfo()
        .addKeyValue("shard", shard)
        .addKeyValue("replica", ended.member)
        .addKeyValue("why", why)
        .log("replica is not followed any more");
  }

  private void onFrame(Stream from, FollowResponse frame) {
    Followed followed;
    List<StoredMessage> messages = List.of();
    synchronized (this) {
      if (stream != from) {
        return;
      }
      from.lastHeardNanos = System.nanoTime();
      pauseMillis = FIRST_PAUSE_MILLIS;
      followed = followedByKey.get(frame.getKey());
      if (followed != null && frame.getMessagesCount() > 0) {
        messages = followed.take(frame);
      } else if (followed != null) {
        followed.nextId = Math.max(followed.nextId, frame.getHead() + 1);
      }
    }
    if (followed == null) {
      return; // a sign of life, or stopped meanwhile
    }
    if (!messages.isEmpty()) {
      followed.follower.onMessages(messages);
    } else if (frame.getMessagesCount() == 0) {
      followed.follower.onHead(frame.getHead());
    }
  }

  /** One subject, and how far it was followed. */
  private final class Followed implements Following {
    private final long key;
    private final Subject subject;
    private final Follower follower;

    // Guarded by the ReplicaFollower.
    private long nextId;

    Followed(long key, Subject subject, long nextId, Follower follower) {
      this.key = key;
      this.subject = subject;
      this.nextId = nextId;
      this.follower = follower;
    }

    private List<StoredMessage> take(FollowResponse frame) {
      List<StoredMessage> messages = new ArrayList<>(frame.getMessagesCount());
      for (StoredMessage message : ReplicaFormat.messages(subject, frame.getMessagesList())) {
        if (message.id() >= nextId) {
          messages.add(message);
          nextId = message.id() + 1;
        }
      }
      return messages;
    }

    @Override
    public void stop() {
      synchronized (ReplicaFollower.this) {
        if (followedByKey.remove(key) == null) {
          return;
        }
        if (followedByKey.isEmpty()) {
          endStream();
        } else if (stream != null) {
          stream.send(FollowRequest.newBuilder().setShard(shard).setKey(key).setStop(true).build());
        }
      }
    }
  }

  /** The call to one replica. Requests leave under the lock, which keeps them in order. */
  private final class Stream extends ClientCall.Listener<FollowResponse> {
    private final String member;
    private final ClientCall<FollowRequest, FollowResponse> call;

    // Guarded by the ReplicaFollower.
    private long lastHeardNanos = System.nanoTime();

    Stream(String member, ClientCall<FollowRequest, FollowResponse> call) {
      this.member = member;
      this.call = call;
    }

    void add(Followed followed) {
      send(
          FollowRequest.newBuilder()
              .setShard(shard)
              .setKey(followed.key)
              .setSubject(
                  FollowSubject.newBuilder()
                      .setSubject(followed.subject.name())
                      .setFromId(followed.nextId))
              .build());
    }

    void send(FollowRequest request) {
      call.sendMessage(request);
    }

    @Override
    public void onMessage(FollowResponse frame) {
      onFrame(this, frame);
      call.request(1);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      leave(this, status.getCode() + " " + status.getDescription());
    }
  }
}
