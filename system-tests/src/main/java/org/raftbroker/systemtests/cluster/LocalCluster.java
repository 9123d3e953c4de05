package org.raftbroker.systemtests.cluster;

import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.admin.ClusterDescription;
import org.raftbroker.proto.admin.ClusterMember;
import org.raftbroker.proto.admin.DescribeClusterRequest;
import org.raftbroker.proto.admin.DescribeNodeRequest;
import org.raftbroker.proto.admin.NodeDescription;
import org.raftbroker.proto.admin.Replica;
import org.raftbroker.proto.admin.ShardPlacement;

/**
 * A cluster of real processes on this machine, and what a test does to it. Nodes are numbered from
 * 1. One thread at a time. All its processes end with it, or with this JVM if that ends first.
 */
public final class LocalCluster implements AutoCloseable {
  /** How long a node may take from its start to ready, on a busy machine. */
  public static final Duration START_BOUND = Duration.ofMinutes(2);

  private static final Duration DESCRIBE_DEADLINE = Duration.ofSeconds(2);
  private static final Duration POLL = Duration.ofMillis(50);

  private final ClusterSpec spec;
  private final @Nullable PortBlock ports;
  private final Path directory;
  private final Path logs;
  private final List<NodePlace> firstPlaces;
  private final List<BrokerProcess> processes = new ArrayList<>();
  private final List<NodeClient> clients = new ArrayList<>();
  private final Thread endWithThisJvm;

  private LocalCluster(
      ClusterSpec spec,
      @Nullable PortBlock ports,
      List<NodePlace> places,
      Path dir,
      Path logs,
      IntFunction<String> settings) {
    this.spec = spec;
    this.ports = ports;
    this.directory = dir;
    this.logs = logs;
    this.firstPlaces = List.copyOf(places);
    try {
      Files.createDirectories(dir);
      Files.createDirectories(logs);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (int n = 1; n <= places.size(); n++) {
      NodePlace place = places.get(n - 1);
      Path config = dir.resolve(place.id() + ".yaml");
      NodeConfig.write(config, place, places, spec.shards(), settings.apply(n));
      processes.add(new BrokerProcess(place, config, emptyLog(logs, place)));
      clients.add(new NodeClient(place));
    }
    endWithThisJvm = new Thread(() -> processes.forEach(BrokerProcess::kill));
    Runtime.getRuntime().addShutdownHook(endWithThisJvm);
  }

  private static Path emptyLog(Path logs, NodePlace place) {
    Path log = logs.resolve(place.id() + ".log");
    try {
      Files.deleteIfExists(log); // of an earlier run: a process appends, as it may start again
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return log;
  }

  /**
   * Starts nodes on the loopback interface and waits until all are ready.
   *
   * @param directory for configuration and data
   * @param logs for the nodes' logs, one file each
   */
  public static LocalCluster start(ClusterSpec spec, Path directory, Path logs) {
    return start(spec, directory, logs, UnaryOperator.identity());
  }

  /**
   * Starts nodes on the loopback interface and waits until all are ready.
   *
   * @param elsewhere moves a node from the place that it would have
   */
  public static LocalCluster start(
      ClusterSpec spec, Path directory, Path logs, UnaryOperator<NodePlace> elsewhere) {
    PortBlock ports = PortBlock.reserve();
    List<NodePlace> places = localPlaces(spec, ports, directory).stream().map(elsewhere).toList();
    return started(new LocalCluster(spec, ports, places, directory, logs, n -> spec.settings()));
  }

  /**
   * Starts nodes on the loopback interface and waits until all are ready.
   *
   * @param settings further sections of each node's configuration, by its number, after those of
   *     {@code spec}
   */
  public static LocalCluster startEach(
      ClusterSpec spec, Path directory, Path logs, IntFunction<String> settings) {
    PortBlock ports = PortBlock.reserve();
    return started(
        new LocalCluster(
            spec,
            ports,
            localPlaces(spec, ports, directory),
            directory,
            logs,
            n -> spec.settings() + settings.apply(n)));
  }

  private static List<NodePlace> localPlaces(ClusterSpec spec, PortBlock ports, Path directory) {
    return IntStream.rangeClosed(1, spec.nodes())
        .mapToObj(n -> NodePlace.local(n, ports, directory))
        .toList();
  }

  /** Starts nodes in places of the caller's own. */
  public static LocalCluster startAt(
      List<NodePlace> places, ClusterSpec spec, Path directory, Path logs) {
    return started(new LocalCluster(spec, null, places, directory, logs, n -> spec.settings()));
  }

  private static LocalCluster started(LocalCluster cluster) {
    try {
      cluster.processes.forEach(BrokerProcess::start);
      cluster.awaitWhole();
      return cluster;
    } catch (RuntimeException | Error e) {
      e.addSuppressed(new NodeLogs(cluster.lastLogLines()));
      cluster.close();
      throw e;
    }
  }

  /** The nodes that there are, be they running or not. */
  public int size() {
    return processes.size();
  }

  /**
   * Starts one more node on the loopback interface, which the others' configuration does not know,
   * and waits until it is ready.
   *
   * @return its number
   */
  public int add() {
    int n = size() + 1;
    if (ports == null) {
      throw new IllegalStateException("a cluster in places of the caller's own cannot grow");
    }
    NodePlace place = NodePlace.local(n, ports, directory);
    Path config = directory.resolve(place.id() + ".yaml");
    NodeConfig.write(config, place, firstPlaces, spec.shards(), spec.settings());
    processes.add(new BrokerProcess(place, config, emptyLog(logs, place)));
    clients.add(new NodeClient(place));
    restart(n);
    return n;
  }

  /** Kills a node that is to be no member any more, and forgets it; only the last one can go. */
  public void dropLast() {
    int last = size();
    node(last).kill();
    client(last).close();
    processes.remove(last - 1);
    clients.remove(last - 1);
  }

  /** Kills a node, and starts it again with an empty disk. */
  public void replaceDisk(int n) {
    node(n).kill();
    DirectoryTree.delete(node(n).place().dataDirectory());
    restart(n);
  }

  /** What a node knows of the cluster map. */
  public ClusterDescription describeCluster(int n) {
    return client(n)
        .admin(DESCRIBE_DEADLINE)
        .describeCluster(DescribeClusterRequest.getDefaultInstance());
  }

  /**
   * Waits until each shard has exactly the replicas that the cluster map wants, spread over so many
   * members, and the one that is to lead leads.
   */
  public void awaitSpreadOver(int members) {
    Awaitility.await("every shard is where the map wants it, on " + members + " members")
        .atMost(START_BOUND)
        .pollInterval(POLL)
        .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
        .until(() -> isSpreadOver(members));
  }

  private boolean isSpreadOver(int members) {
    ClusterDescription map = describeCluster(1);
    long active =
        map.getMembersList().stream()
            .filter(m -> m.getState() == ClusterMember.State.ACTIVE)
            .count();
    return map.getVersion() > 0
        && active == members
        && map.getMisplacedCount() == 0
        && map.getShardsList().stream().allMatch(this::isWhereItIsWanted);
  }

  private boolean isWhereItIsWanted(ShardPlacement shard) {
    Set<String> there = new HashSet<>();
    for (int n = 1; n <= size(); n++) {
      Optional<Replica> replica = replica(n, shard.getShard());
      if (replica.isPresent() && replica.get().getRole() != Replica.Role.LEARNER) {
        there.add(node(n).id());
      }
      boolean leads = replica.isPresent() && replica.get().getRole() == Replica.Role.LEADER;
      if (leads != node(n).id().equals(shard.getReplicas(0))) {
        return false;
      }
    }
    return there.equals(Set.copyOf(shard.getReplicasList()));
  }

  public int shards() {
    return spec.shards();
  }

  public BrokerProcess node(int n) {
    return processes.get(n - 1);
  }

  public NodeClient client(int n) {
    return clients.get(n - 1);
  }

  public List<NodeClient> clients() {
    return List.copyOf(clients);
  }

  /** A second client of a node, with a connection of its own; the caller closes it. */
  public NodeClient clientWithSmallWindow(int n, int windowBytes) {
    return NodeClient.withSmallWindow(node(n).place(), windowBytes);
  }

  /** Another client of a node, with a connection of its own; the caller closes it. */
  public NodeClient newClient(int n) {
    return new NodeClient(node(n).place());
  }

  /** What a node says of itself. */
  public NodeDescription describe(int n) {
    return client(n)
        .admin(DESCRIBE_DEADLINE)
        .describeNode(DescribeNodeRequest.getDefaultInstance());
  }

  /** What a node says of its replica of a shard; empty if it has none, or does not answer. */
  public Optional<Replica> replica(int n, int shard) {
    if (!node(n).isRunning()) {
      return Optional.empty();
    }
    try {
      return describe(n).getReplicasList().stream().filter(r -> r.getShard() == shard).findFirst();
    } catch (StatusRuntimeException silent) {
      return Optional.empty();
    }
  }

  /** The node that leads a shard; waits until there is one. */
  public int leaderOf(int shard) {
    return Awaitility.await("shard " + shard + " has a leader")
        .atMost(START_BOUND)
        .pollInterval(POLL)
        .until(() -> leaderNow(shard), OptionalInt::isPresent)
        .getAsInt();
  }

  /**
   * Of those that call themselves the leader the one with the highest term: an old one may not know
   * yet.
   */
  private OptionalInt leaderNow(int shard) {
    int leader = 0;
    long term = -1;
    for (int n = 1; n <= size(); n++) {
      Optional<Replica> replica = replica(n, shard);
      if (replica.isPresent()
          && replica.get().getRole() == Replica.Role.LEADER
          && replica.get().getTerm() > term) {
        leader = n;
        term = replica.get().getTerm();
      }
    }
    return leader == 0 ? OptionalInt.empty() : OptionalInt.of(leader);
  }

  /** Kills the leader of a shard without warning and answers which node that was. */
  public int killLeader(int shard) {
    int leader = leaderOf(shard);
    node(leader).kill();
    return leader;
  }

  /** Kills all nodes at once: none sees another go. */
  public void killAll() {
    // Stopped first, so that not even a packet leaves between the first and the last kill.
    processes.stream().filter(BrokerProcess::isRunning).forEach(BrokerProcess::pause);
    processes.forEach(BrokerProcess::kill);
  }

  /** Starts a node that is down and waits until it is ready. */
  public void restart(int n) {
    node(n).start();
    node(n).awaitReady(START_BOUND);
    client(n).reconnectNow();
  }

  /**
   * Starts the nodes that are down, lets the paused go on, and waits until every replica serves.
   */
  public void makeWhole() {
    for (BrokerProcess process : processes) {
      if (process.isRunning()) {
        process.resume();
      } else {
        process.start();
      }
    }
    awaitWhole();
  }

  /** Waits until every node is ready and every shard has one leader that all its replicas know. */
  public void awaitWhole() {
    processes.forEach(process -> process.awaitReady(START_BOUND));
    clients.forEach(NodeClient::reconnectNow);
    Awaitility.await("every shard has a leader that all its replicas know")
        .atMost(START_BOUND)
        .pollInterval(POLL)
        .until(() -> IntStream.range(0, shards()).allMatch(this::isAgreed));
  }

  private boolean isAgreed(int shard) {
    OptionalInt leader = leaderNow(shard);
    return leader.isPresent()
        && IntStream.rangeClosed(1, size())
                .mapToObj(n -> replica(n, shard))
                .flatMap(Optional::stream)
                .filter(r -> r.getLeaderId().equals(node(leader.getAsInt()).id()))
                .count()
            == spec.replicas();
  }

  /** The end of every node's log, for a failure. */
  public String lastLogLines() {
    return processes.stream()
        .map(process -> process.lastLogLines(40))
        .collect(Collectors.joining("\n\n"));
  }

  @Override
  public void close() {
    clients.forEach(NodeClient::close);
    processes.forEach(BrokerProcess::kill);
    if (ports != null) {
      ports.close();
    }
    Runtime.getRuntime().removeShutdownHook(endWithThisJvm);
  }
}
