package org.raftbroker.raft.placement;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Where the replicas of a new cluster are. Pure: every member comes to the same by itself. */
public final class InitialPlacement {
  private InitialPlacement() {}

  /**
   * Goes round the members in order of their ids: a shard begins one member after the shard before
   * it, so that replicas are spread evenly, and the members that a shard's leaders begin on, too.
   *
   * @param memberIds each once, in any order
   * @param shards how many there are
   * @param replicas wanted of each shard; with fewer members, as many as there are
   * @return for each shard, by number, the members that have a replica of it
   */
  public static List<List<String>> of(Collection<String> memberIds, int shards, int replicas) {
    List<String> members = memberIds.stream().sorted().toList();
    int copies = Math.min(replicas, members.size());
    List<List<String>> byShard = new ArrayList<>(shards);
    for (int shard = 0; shard < shards; shard++) {
      List<String> placed = new ArrayList<>(copies);
      for (int i = 0; i < copies; i++) {
        placed.add(members.get((shard + i) % members.size()));
      }
      byShard.add(List.copyOf(placed));
    }
    return List.copyOf(byShard);
  }
}
