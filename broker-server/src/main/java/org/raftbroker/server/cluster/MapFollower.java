package org.raftbroker.server.cluster;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.raftbroker.proto.cluster.MapVersion;
import org.raftbroker.raft.placement.ClusterMapCodec;
import org.raftbroker.server.peer.PeerConnections;
import org.raftbroker.storage.StoreException;
import org.raftbroker.storage.VersionedMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps {@link CurrentMap} current: from the own replica of the shard that keeps the map, and from
 * other nodes where there is none, or where it is behind. On a thread of its own.
 */
public final class MapFollower implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(MapFollower.class);

  private static final long LOOK_MILLIS = 200;

  /** Another node answers as soon as there is news, or after this. */
  static final long PATIENCE_MILLIS = 5_000;

  private final CurrentMap current;
  private final Supplier<VersionedMap> own;
  private final PeerConnections peers;
  private final Thread thread = new Thread(this::run, "cluster-map");
  private volatile boolean closed;

  /**
   * @param own what the replica here has; {@link VersionedMap#NONE} where there is none
   */
  public MapFollower(CurrentMap current, Supplier<VersionedMap> own, PeerConnections peers) {
    this.current = current;
    this.own = own;
    this.peers = peers;
    thread.setDaemon(true);
  }

  public void start() {
    thread.start();
  }

  private void run() {
    try {
      while (!closed) {
        if (!lookHere()) {
          askAnother();
        }
        // This node's replica tells nobody of a new map, and to look costs nothing. Other nodes
        // may refuse at once, and are not to be stormed.
        Thread.sleep(LOOK_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether there is a map here. */
  private boolean lookHere() {
    VersionedMap here;
    try {
      here = own.get();
    } catch (StoreException e) {
      return false; // no replica here, or out of service
    }
    if (here.version() > current.get().version()) {
      current.offer(here.version(), ClusterMapCodec.decode(ByteString.copyFrom(here.content())));
    }
    return here.version() > 0;
  }

  private void askAnother() throws InterruptedException {
    for (String peer : inOrder()) {
      try {
        MapVersion answer =
            peers
                .awaitMap(peer, current.get().version())
                .get(2 * PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        if (answer.getVersion() > current.get().version()) {
          current.offer(answer.getVersion(), ClusterMapCodec.fromProto(answer.getMap()));
          return;
        }
        if (answer.getVersion() > 0) {
          return; // it knows the map, and no newer one
        }
      } catch (ExecutionException | TimeoutException e) {
        log.atDebug().setCause(e).addKeyValue("peer", peer).log("no answer; asking the next");
      }
      if (closed) {
        return;
      }
    }
  }

  /** Those first that should have it in their store; among them no one in particular. */
  private List<String> inOrder() {
    List<String> others = new ArrayList<>(peers.peers());
    Collections.shuffle(others);
    List<String> keepers = current.map().placement(CurrentMap.SHARD);
    others.sort((a, b) -> Boolean.compare(keepers.contains(b), keepers.contains(a)));
    return others;
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
