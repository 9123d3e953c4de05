package org.raftbroker.raft.placement;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.raftbroker.raft.placement.ClusterMember.State;

/**
 * What placement does in clusters larger than a machine can run, one member coming and one going
 * included. The figures of docs/scaling.md are what {@link #main} prints.
 */
final class PlacementSimulation {
  private static final int REPLICAS = 3;
  private static final int[] NODES = {3, 10, 100, 192, 1000};
  private static final int[] SHARDS = {24, 64, 1024, 4096};

  private PlacementSimulation() {}

  /**
   * One member more, or one less.
   *
   * @param moves replicas that are to be elsewhere than before
   * @param ideal the fewest with which replicas can be even again
   */
  record Change(Duration time, int moves, int ideal, Spread spread) {}

  /** How uneven replicas and leaders are: the most less the fewest of any member. */
  record Spread(int replicas, int leaders) {
    static Spread of(ClusterMap map) {
      Map<String, Integer> leads = new HashMap<>();
      map.activeMembers().forEach(id -> leads.put(id, 0));
      map.placements().forEach(placement -> leads.merge(placement.get(0), 1, Integer::sum));
      return new Spread(difference(loads(map)), difference(leads));
    }

    private static int difference(Map<String, Integer> counts) {
      return Collections.max(counts.values()) - Collections.min(counts.values());
    }
  }

  record Outcome(
      int nodes, int shards, Duration first, Spread spread, Change added, Change removed) {}

  static Outcome run(int nodes, int shards) {
    ClusterMap empty =
        ClusterMap.of(
            REPLICAS, shards, IntStream.range(0, nodes).mapToObj(i -> member("n" + i)).toList());
    long before = System.nanoTime();
    ClusterMap placed = empty.withPlacements(Placement.of(empty));
    Duration first = Duration.ofNanos(System.nanoTime() - before);
    int wanted = Math.min(REPLICAS, nodes + 1) * shards;
    int ideal = wanted / (nodes + 1);
    Change added = change(placed, placed.withMember(member("new")), ideal);
    String victim = "n" + nodes / 2;
    int there = nodes > REPLICAS ? loads(placed).getOrDefault(victim, 0) : 0;
    Change removed = change(placed, placed.withoutMember(victim), there);
    return new Outcome(nodes, shards, first, Spread.of(placed), added, removed);
  }

  private static Change change(ClusterMap before, ClusterMap asked, int ideal) {
    long start = System.nanoTime();
    ClusterMap after = asked.withPlacements(Placement.of(asked));
    Duration time = Duration.ofNanos(System.nanoTime() - start);
    int moves = 0;
    for (int shard = 0; shard < before.placements().size(); shard++) {
      Set<String> come = new HashSet<>(after.placement(shard));
      before.placement(shard).forEach(come::remove);
      moves += come.size();
    }
    return new Change(time, moves, ideal, Spread.of(after));
  }

  private static Map<String, Integer> loads(ClusterMap map) {
    Map<String, Integer> loads = new HashMap<>();
    map.activeMembers().forEach(id -> loads.put(id, 0));
    map.placements().forEach(p -> p.forEach(id -> loads.merge(id, 1, Integer::sum)));
    return loads;
  }

  private static ClusterMember member(String id) {
    return new ClusterMember(
        id, id + ".example.org:9091", id + ":9191", id + ":9391", "disk-" + id, State.ACTIVE);
  }

  /** Prints a table, after a round that is not shown: code that was just loaded is slow. */
  public static void main(String[] args) {
    print(new PrintStream(PrintStream.nullOutputStream()));
    print(System.out);
  }

  private static void print(PrintStream out) {
    out.println(
        "nodes  shards  map KiB  first ms  added ms  moves/ideal  removed ms  moves/ideal"
            + "  replicas, leaders max - min");
    for (int nodes : NODES) {
      for (int shards : SHARDS) {
        Outcome o = run(nodes, shards);
        out.printf(
            "%5d  %6d  %7.1f  %8.1f  %8.1f  %5d/%-5d  %10.1f  %5d/%-5d  %d, %d; %d, %d; %d, %d%n",
            nodes,
            shards,
            mapBytes(nodes, shards) / 1024.0,
            millis(o.first),
            millis(o.added.time),
            o.added.moves,
            o.added.ideal,
            millis(o.removed.time),
            o.removed.moves,
            o.removed.ideal,
            o.spread.replicas,
            o.spread.leaders,
            o.added.spread.replicas,
            o.added.spread.leaders,
            o.removed.spread.replicas,
            o.removed.spread.leaders);
      }
    }
  }

  /** Of the map as nodes hand it to each other. */
  static int mapBytes(int nodes, int shards) {
    ClusterMap map =
        ClusterMap.of(
            REPLICAS, shards, IntStream.range(0, nodes).mapToObj(i -> member("n" + i)).toList());
    return ClusterMapCodec.encode(map.withPlacements(Placement.of(map))).size();
  }

  private static double millis(Duration time) {
    return time.toNanos() / 1e6;
  }
}
