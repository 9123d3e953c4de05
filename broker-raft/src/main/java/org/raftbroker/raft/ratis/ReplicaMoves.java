package org.raftbroker.raft.ratis;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.apache.ratis.protocol.RaftPeerId;
import org.jspecify.annotations.Nullable;
import org.raftbroker.raft.placement.ClusterMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the replicas of this node to where the cluster map wants them, one small step at a time: a
 * replica that is wanted here arrives, a leader removes the votes of those that are not wanted once
 * all that are wanted have arrived, and a replica that is not wanted here and has no vote any more
 * is deleted. Nothing of it is remembered: each step follows from the map and from what the groups
 * say, so it does not matter who was interrupted by what.
 *
 * <p>{@link #look} is for one thread and does not block; steps run on threads of their own, for
 * each shard one at a time.
 */
final class ReplicaMoves {
  private static final Logger log = LoggerFactory.getLogger(ReplicaMoves.class);

  private final RaftPeerId self;
  private final List<RatisReplica> replicas;
  private final List<Voters> voters;
  private final List<Arrival> arrivals = new ArrayList<>();
  private final Supplier<@Nullable ClusterMap> wanted;
  private final ExecutorService steps;
  private final Set<Integer> underWay = ConcurrentHashMap.newKeySet();

  /**
   * @param voters by shard
   * @param wanted the cluster map; null while none is known: then nothing moves, but damaged
   *     replicas come back
   */
  ReplicaMoves(
      RaftPeerId self,
      List<RatisReplica> replicas,
      List<Voters> voters,
      RaftPeers peers,
      Supplier<@Nullable ClusterMap> wanted,
      ExecutorService steps) {
    this.self = self;
    this.replicas = replicas;
    this.voters = voters;
    this.wanted = wanted;
    this.steps = steps;
    for (RatisReplica replica : replicas) {
      arrivals.add(new Arrival(replica, voters.get(replica.number()), peers, self));
    }
  }

  /** Takes the next step for a shard, if there is one to take and none under way. */
  void look(int shard) {
    if (!underWay.add(shard)) {
      return;
    }
    try {
      steps.execute(
          () -> {
            try {
              step(shard);
            } catch (IOException | RuntimeException e) {
              log.atDebug().setCause(e).addKeyValue("shard", shard).log("step tried again later");
            } finally {
              underWay.remove(shard);
            }
          });
    } catch (RejectedExecutionException e) {
      underWay.remove(shard); // the node is stopping
    }
  }

  private void step(int shard) throws IOException {
    RatisReplica replica = replicas.get(shard);
    ClusterMap map = wanted.get();
    if (map == null) {
      arrivals.get(shard).goOn(true);
      return;
    }
    boolean wantedHere = map.isPlacedOn(shard, self.toString());
    if (replica.isQuarantined()) {
      arrivals.get(shard).goOn(wantedHere);
    } else if (replica.isBeingFounded()) {
      // Its start is on its way. To have it come as one that has nothing would keep it from
      // starting; if two of three founders did that, there would be nobody to come to, for ever.
      return;
    } else if (wantedHere && !replica.isHere()) {
      replica.arrive();
      arrivals.get(shard).goOn(true);
    } else if (!wantedHere && replica.isHere()) {
      leave(shard, replica, map);
    } else if (replica.log().leads()) {
      removeUnwanted(shard, replica, map);
    }
  }

  /** All that are wanted have arrived: who is not wanted stops counting. */
  private void removeUnwanted(int shard, RatisReplica replica, ClusterMap map) throws IOException {
    List<String> now = replica.voters();
    List<String> placement = map.placement(shard);
    if (placement.isEmpty() || placement.containsAll(now) || !now.containsAll(placement)) {
      return;
    }
    // One that is wanted and does not answer would leave the shard with fewer disks than it has.
    if (!placement.stream()
        .allMatch(id -> id.equals(self.toString()) || replica.isInTouchWith(id))) {
      return;
    }
    Voters.Known known = voters.get(shard).ask(null);
    if (known != null && known.leader().equals(self) && !known.isChanging()) {
      voters.get(shard).keepOnly(known, id -> placement.contains(id.toString()));
      log.atInfo()
          .addKeyValue("shard", shard)
          .addKeyValue("before", now)
          .addKeyValue("voters", placement)
          .log("replicas removed");
    }
  }

  private void leave(int shard, RatisReplica replica, ClusterMap map) throws IOException {
    if (replica.log().leads()) {
      handOver(replica, map.placement(shard));
      return;
    }
    Voters.Known known = voters.get(shard).ask(self);
    if (known != null && !known.isChanging() && !known.has(self)) {
      replica.delete();
    }
  }

  /** Whoever is to lead asks for it, when it can. While it does not answer, any other is better. */
  private static void handOver(RatisReplica replica, List<String> placement) {
    if (placement.isEmpty()
        || !replica.voters().containsAll(placement)
        || replica.isInTouchWith(placement.get(0))) {
      return;
    }
    placement.stream()
        .filter(replica::isInTouchWith)
        .findFirst()
        .ifPresent(
            other ->
                replica
                    .transferLeadership(other)
                    .exceptionally(
                        why -> {
                          log.atDebug()
                              .setCause(why)
                              .addKeyValue("shard", replica.number())
                              .log("leadership not handed over; tried again later");
                          return "";
                        })
                    .join());
  }
}
