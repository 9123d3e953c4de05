package org.raftbroker.cli;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.raftbroker.proto.admin.ClusterDescription;

/**
 * How far replicas are from where they should be. Pure.
 *
 * @param moves what is under way, by rising shard
 * @param shardsToGo shards that are going to be placed elsewhere
 * @param paused whether that waits until it is resumed
 */
record RebalanceProgress(List<ShardMove> moves, int shardsToGo, boolean paused) {
  RebalanceProgress {
    moves = List.copyOf(moves);
  }

  static RebalanceProgress of(ClusterView view) {
    ClusterDescription map = view.map();
    return new RebalanceProgress(
        view.replicasByShard().keySet().stream()
            .map(shard -> ShardMove.of(view, shard))
            .filter(ShardMove::isUnderWay)
            .toList(),
        map == null ? 0 : map.getMisplacedCount(),
        map != null && map.getPaused());
  }

  /** {@code shard 4 moves n1 -> n5 (1200 entries behind); 3 shards to go}; empty: nothing to do. */
  String text() {
    return text(ShardMove::text);
  }

  /** Without the numbers that change with every message. */
  String shape() {
    return text(ShardMove::shape);
  }

  private String text(Function<ShardMove, String> one) {
    return Stream.concat(
            moves.stream().map(one),
            Stream.of(
                shardsToGo == 0 ? "" : Quantity.count(shardsToGo, "shard") + " to go",
                paused ? "paused" : ""))
        .filter(part -> !part.isEmpty())
        .collect(Collectors.joining("; "));
  }
}
