package org.raftbroker.server.cluster;

import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.raft.Shard;
import org.raftbroker.raft.command.Command.ReplaceClusterMap;
import org.raftbroker.raft.placement.ClusterMap;
import org.raftbroker.raft.placement.ClusterMapCodec;

/**
 * Changes the cluster map, from any node: reads it, changes it, and has it replaced if nobody else
 * was faster, otherwise begins again. Any thread; nothing blocks.
 */
public final class MapEditor {
  private static final int MAX_ATTEMPTS = 20;

  /** How long another's change may take to become known here. */
  private static final long NEWS_MILLIS = 1_000;

  private final CurrentMap current;
  private final Shard shard;

  /**
   * @param shard the one that keeps the map
   */
  public MapEditor(CurrentMap current, Shard shard) {
    this.current = current;
    this.shard = shard;
  }

  /**
   * Applies a change to the newest map.
   *
   * @param change may be applied several times, each time to a newer map; a {@link BrokerException}
   *     that it throws is the answer
   * @return the map after it
   */
  public CompletableFuture<ClusterMap> change(UnaryOperator<ClusterMap> change) {
    return attempt(change, MAX_ATTEMPTS);
  }

  private CompletableFuture<ClusterMap> attempt(UnaryOperator<ClusterMap> change, int left) {
    CurrentMap.Versioned before = current.get();
    ClusterMap changed;
    try {
      changed = change.apply(before.map());
    } catch (BrokerException refusal) {
      return CompletableFuture.failedFuture(refusal);
    }
    if (changed.equals(before.map()) && before.version() > 0) {
      return CompletableFuture.completedFuture(changed);
    }
    return shard
        .submit(new ReplaceClusterMap(before.version(), ClusterMapCodec.encode(changed)))
        .thenCompose(
            version -> {
              if (version != 0) {
                current.offer(version, changed);
                return CompletableFuture.completedFuture(changed);
              }
              if (left == 1) {
                return CompletableFuture.failedFuture(
                    new BrokerException(
                        Reason.NO_QUORUM,
                        "the cluster map was changed by others each time; retry later"));
              }
              return current
                  .newerThan(before.version(), NEWS_MILLIS)
                  .thenCompose(newer -> attempt(change, left - 1));
            });
  }
}
