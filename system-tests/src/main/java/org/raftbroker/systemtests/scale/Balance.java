package org.raftbroker.systemtests.scale;

import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.raftbroker.proto.admin.ClusterDescription;
import org.raftbroker.proto.admin.DescribeClusterRequest;
import org.raftbroker.proto.admin.DescribeNodeRequest;
import org.raftbroker.proto.admin.Replica;
import org.raftbroker.proto.admin.Replica.Role;
import org.raftbroker.systemtests.cluster.GrowingCluster;

/**
 * Which replicas nodes have, as each of them says, by number of the node from 1 on.
 *
 * @param replicas of each node
 * @param leads how many of them lead
 * @param subjects that the leaders know, all together
 */
public record Balance(List<Integer> replicas, List<Integer> leads, long subjects) {
  private static final Duration DEADLINE = Duration.ofSeconds(5);
  private static final Duration BOUND = Duration.ofMinutes(6);
  private static final Duration POLL = Duration.ofMillis(250);

  /** Waits until all members have what the cluster's map gives them, and its leaders lead. */
  public static Balance await(GrowingCluster cluster) {
    return Awaitility.await("replicas are where the map wants them")
        .atMost(BOUND)
        .pollInterval(POLL)
        .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
        .until(() -> settled(cluster), balance -> balance.replicas.size() == cluster.size());
  }

  /** Empty if something still moves. */
  private static Balance settled(GrowingCluster cluster) {
    Balance unsettled = new Balance(List.of(), List.of(), 0);
    ClusterDescription map = map(cluster);
    if (map.getMembersCount() < cluster.size() || map.getMisplacedCount() > 0) {
      return unsettled;
    }
    Balance now = now(cluster);
    int wanted = map.getShardsList().stream().mapToInt(shard -> shard.getReplicasCount()).sum();
    boolean allThere = now.replicas.stream().mapToInt(Integer::intValue).sum() == wanted;
    boolean allLed = now.leads.stream().mapToInt(Integer::intValue).sum() == cluster.shards();
    return allThere && allLed && spread(now.leads) <= 1 ? now : unsettled;
  }

  private static ClusterDescription map(GrowingCluster cluster) {
    return cluster
        .client(1)
        .admin(DEADLINE)
        .describeCluster(DescribeClusterRequest.newBuilder().build());
  }

  /** How many replicas the map has on nodes other than the founders: those that moved there. */
  public static int moved(GrowingCluster cluster, int founders) {
    Set<String> old = new TreeSet<>();
    IntStream.rangeClosed(1, founders).forEach(n -> old.add(cluster.node(n).id()));
    return (int)
        map(cluster).getShardsList().stream()
            .flatMap(shard -> shard.getReplicasList().stream())
            .filter(id -> !old.contains(id))
            .count();
  }

  /** What the nodes say now. */
  public static Balance now(GrowingCluster cluster) {
    List<Integer> replicas = new ArrayList<>();
    List<Integer> leads = new ArrayList<>();
    long subjects = 0;
    for (int n = 1; n <= cluster.size(); n++) {
      List<Replica> here =
          cluster
              .client(n)
              .admin(DEADLINE)
              .describeNode(DescribeNodeRequest.getDefaultInstance())
              .getReplicasList();
      List<Replica> led = here.stream().filter(r -> r.getRole() == Role.LEADER).toList();
      replicas.add(here.size());
      leads.add(led.size());
      subjects += led.stream().mapToLong(Replica::getSubjects).sum();
    }
    return new Balance(List.copyOf(replicas), List.copyOf(leads), subjects);
  }

  /** The most that one node has more than another. */
  public static int spread(List<Integer> counts) {
    return Collections.max(counts) - Collections.min(counts);
  }
}
