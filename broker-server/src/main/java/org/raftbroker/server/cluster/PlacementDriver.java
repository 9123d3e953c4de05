package org.raftbroker.server.cluster;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.raft.placement.ClusterChange;
import org.raftbroker.raft.placement.ClusterMap;
import org.raftbroker.raft.placement.ClusterMember;
import org.raftbroker.raft.placement.Rebalance;
import org.raftbroker.server.membership.MemberView;
import org.raftbroker.server.membership.Membership;
import org.raftbroker.server.membership.Presence;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * On the node that leads the shard with the cluster map: writes the first map, and changes it step
 * by step until replicas are where they should be. It remembers nothing that matters: whoever leads
 * next goes on from the map. On a thread of its own.
 */
public final class PlacementDriver implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PlacementDriver.class);

  private static final long PERIOD_MILLIS = 1_000;
  private static final long CHANGE_SECONDS = 15;

  private final PlacementConfig config;
  private final CurrentMap current;
  private final MapEditor editor;
  private final Groups groups;
  private final Membership membership;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread t = new Thread(task, "placement");
            t.setDaemon(true);
            return t;
          });

  // Shards that were seen where the map wants them, since that last changed. Spares questions.
  private final Set<Integer> settled = new HashSet<>();
  private @Nullable ClusterMap settledMap;

  /** What the Raft groups say. */
  public interface Groups {
    /** Whether this node leads the shard that keeps the map. */
    boolean leadsTheMap();

    /** Who votes in a shard; null if that cannot be found out or is changing. May block. */
    @Nullable Set<String> settledVoters(int shard);
  }

  public PlacementDriver(
      PlacementConfig config,
      CurrentMap current,
      MapEditor editor,
      Groups groups,
      Membership membership) {
    this.config = config;
    this.current = current;
    this.editor = editor;
    this.groups = groups;
    this.membership = membership;
  }

  public void start() {
    var unused =
        thread.scheduleWithFixedDelay(
            this::look, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void look() {
    if (!groups.leadsTheMap()) {
      settledMap = null;
      return;
    }
    try {
      drive();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      log.atDebug().setCause(e).log("the cluster map cannot be changed now; tried again");
    } catch (RuntimeException e) {
      log.atError().setCause(e).log("placement failed; tried again");
    }
  }

  private void drive() throws InterruptedException, ExecutionException, TimeoutException {
    CurrentMap.Versioned before = current.get();
    ClusterMap next =
        before.version() == 0
            ? before.map()
            : Rebalance.next(
                withoutWhoLeft(before.map()),
                config.maxMoves(),
                shard -> isSettled(before.map(), shard));
    if (before.version() > 0 && next.equals(before.map())) {
      return;
    }
    // Somebody else's change in between is no reason to insist: the next look sees it.
    ClusterMap after =
        editor
            .change(map -> map.equals(before.map()) ? next : map)
            .get(CHANGE_SECONDS, TimeUnit.SECONDS);
    if (after.equals(next)) {
      tell(before.map(), next);
    }
  }

  /**
   * Who left on purpose is to have no replicas. One that is only out of sight is: without it the
   * next acknowledgements would rest on fewer disks, because of a node that may only be slow.
   */
  private ClusterMap withoutWhoLeft(ClusterMap map) {
    ClusterMap changed = map;
    for (MemberView view : membership.members()) {
      ClusterMember member = changed.member(view.id());
      if (view.presence() == Presence.LEFT
          && member != null
          && member.state() != ClusterMember.State.LEAVING) {
        try {
          changed = new ClusterChange.Remove(view.id()).appliedTo(changed);
        } catch (BrokerException lastOne) {
          log.atWarn()
              .addKeyValue("member", view.id())
              .addKeyValue("why", lastOne.getMessage())
              .log("a member left and cannot be spared");
        }
      }
    }
    return changed;
  }

  private boolean isSettled(ClusterMap map, int shard) {
    if (settledMap == null || !settledMap.placements().equals(map.placements())) {
      for (int i = 0; i < map.placements().size(); i++) {
        if (settledMap == null || !settledMap.placement(i).equals(map.placement(i))) {
          settled.remove(i);
        }
      }
      settledMap = map;
    }
    if (!settled.contains(shard)
        && new HashSet<>(map.placement(shard)).equals(groups.settledVoters(shard))) {
      settled.add(shard);
    }
    return settled.contains(shard);
  }

  private static void tell(ClusterMap before, ClusterMap after) {
    for (int shard = 0; shard < after.placements().size(); shard++) {
      if (!before.placement(shard).equals(after.placement(shard))) {
        log.atInfo()
            .addKeyValue("shard", shard)
            .addKeyValue("before", before.placement(shard))
            .addKeyValue("after", after.placement(shard))
            .log("shard placed");
      }
    }
    for (String id : before.members().keySet()) {
      if (after.member(id) == null) {
        log.atInfo().addKeyValue("member", id).log("member left the cluster");
      }
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
