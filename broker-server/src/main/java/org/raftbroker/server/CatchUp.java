package org.raftbroker.server;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.raftbroker.raft.Shard;
import org.raftbroker.raft.Shards;

/**
 * Whether a node that has started has applied, of every shard, what was committed before it came.
 * As long as it has not, a majority that needs this node waits for it: whoever restarts nodes one
 * by one must not go on to the next.
 *
 * <p>{@link #look()} is for one thread; the rest is for any.
 */
final class CatchUp {
  private final Set<Shard> behind = ConcurrentHashMap.newKeySet();
  private final Set<Shard> asking = ConcurrentHashMap.newKeySet();

  CatchUp(Shards shards) {
    behind.addAll(shards.all());
  }

  /** Asks again for the shards that are behind; to be called every now and then. */
  void look() {
    for (Shard shard : behind) {
      if (asking.add(shard)) {
        var unused =
            shard
                .readBarrier()
                .whenComplete(
                    (done, failure) -> {
                      if (failure == null) {
                        behind.remove(shard);
                      }
                      asking.remove(shard);
                    });
      }
    }
  }

  /** Numbers of the shards that are behind, rising. */
  List<Integer> behind() {
    return behind.stream().map(Shard::number).sorted().toList();
  }
}
