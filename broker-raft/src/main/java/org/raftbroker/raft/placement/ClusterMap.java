package org.raftbroker.raft.placement;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the cluster consists of: its members, and which of them are to have which replicas. It says
 * what is wanted; the Raft groups follow it one step at a time, and say themselves how far they
 * are.
 *
 * @param replicas how many replicas a shard has, if there are members enough; at least 1
 * @param paused whether nothing is to be moved
 * @param members by id
 * @param placements by shard: the members that are to have a replica, without repetition; the first
 *     is to lead
 */
public record ClusterMap(
    int replicas,
    boolean paused,
    SortedMap<String, ClusterMember> members,
    List<List<String>> placements) {

  public ClusterMap {
    members = Collections.unmodifiableSortedMap(new TreeMap<>(members));
    placements = placements.stream().map(List::copyOf).toList();
  }

  /** Before anything was placed. */
  public static ClusterMap of(int replicas, int shards, Collection<ClusterMember> founders) {
    SortedMap<String, ClusterMember> members = new TreeMap<>();
    founders.forEach(founder -> members.put(founder.id(), founder));
    return new ClusterMap(replicas, false, members, Collections.nCopies(shards, List.of()));
  }

  /** The members that are to have a replica of a shard; the first is to lead. */
  public List<String> placement(int shard) {
    return placements.get(shard);
  }

  public @Nullable ClusterMember member(String id) {
    return members.get(id);
  }

  public boolean isPlacedOn(int shard, String memberId) {
    return placements.get(shard).contains(memberId);
  }

  /** Whether any shard is to have a replica there. */
  public boolean isUsed(String memberId) {
    return placements.stream().anyMatch(placement -> placement.contains(memberId));
  }

  /** Ids of the members that may be given replicas, rising. */
  public List<String> activeMembers() {
    return members.values().stream()
        .filter(member -> member.state() == ClusterMember.State.ACTIVE)
        .map(ClusterMember::id)
        .toList();
  }

  public ClusterMap withMember(ClusterMember member) {
    SortedMap<String, ClusterMember> changed = new TreeMap<>(members);
    changed.put(member.id(), member);
    return new ClusterMap(replicas, paused, changed, placements);
  }

  public ClusterMap withoutMember(String id) {
    SortedMap<String, ClusterMember> changed = new TreeMap<>(members);
    changed.remove(id);
    return new ClusterMap(replicas, paused, changed, placements);
  }

  public ClusterMap withPaused(boolean now) {
    return new ClusterMap(replicas, now, members, placements);
  }

  public ClusterMap withPlacement(int shard, List<String> placement) {
    List<List<String>> changed = new ArrayList<>(placements);
    changed.set(shard, placement);
    return new ClusterMap(replicas, paused, members, changed);
  }

  public ClusterMap withPlacements(List<List<String>> all) {
    return new ClusterMap(replicas, paused, members, all);
  }
}
