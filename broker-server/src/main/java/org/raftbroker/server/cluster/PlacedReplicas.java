package org.raftbroker.server.cluster;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.raftbroker.raft.ReplicaDirectory;
import org.raftbroker.raft.placement.ClusterMap;

/**
 * Replicas as the cluster map wants them, and behind them those that it wanted before: while a
 * replica moves, the one that it moves away from still serves. Any thread.
 */
public final class PlacedReplicas implements ReplicaDirectory {
  private volatile List<List<String>> replicas;
  private volatile List<List<String>> placements;

  public PlacedReplicas(CurrentMap current) {
    this.placements = current.map().placements();
    this.replicas = placements;
    current.watch(this::follow);
  }

  // On the thread that brings maps.
  private void follow(ClusterMap map) {
    List<List<String>> now = new ArrayList<>();
    for (int shard = 0; shard < map.placements().size(); shard++) {
      List<String> placement = map.placement(shard);
      if (placement.equals(placements.get(shard))) {
        now.add(replicas.get(shard));
        continue;
      }
      Set<String> both = new LinkedHashSet<>(placement);
      both.addAll(placements.get(shard));
      both.retainAll(map.members().keySet());
      now.add(List.copyOf(both));
    }
    placements = map.placements();
    replicas = now;
  }

  @Override
  public List<String> replicas(int shard) {
    return replicas.get(shard);
  }
}
