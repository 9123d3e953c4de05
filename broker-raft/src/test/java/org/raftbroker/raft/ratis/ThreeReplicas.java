package org.raftbroker.raft.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.ApplyListener;
import org.raftbroker.raft.CommitObserver;
import org.raftbroker.raft.GroupCommitConfig;
import org.raftbroker.raft.PeerLink;
import org.raftbroker.raft.ReplicaStatus;
import org.raftbroker.raft.ReplicatedShard;
import org.raftbroker.raft.SharedArchive;
import org.raftbroker.raft.command.CommandCodec;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.raft.placement.ClusterMap;
import org.raftbroker.raft.placement.ClusterMember;
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.rocksdb.RocksStores;
import org.raftbroker.storage.rocksdb.StoreConfig;

/**
 * Three nodes' replicas in one process, and up to two nodes that come later: real Ratis servers
 * over loopback sockets, real stores. Only the way between nodes is short: submissions are encoded,
 * handed over and decoded, without a transport.
 */
final class ThreeReplicas implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(30);
  static final List<String> IDS = List.of("n1", "n2", "n3");
  private static final List<String> ALL_IDS = List.of("n1", "n2", "n3", "n4", "n5");

  private final Path root;
  private final int shards;
  private final RaftConfig raft;
  private final @Nullable SharedArchive archive;
  private final Map<String, String> addressById = new TreeMap<>();
  private final Map<String, Node> nodeById = new TreeMap<>();
  private final Set<String> founded = new HashSet<>();
  private @Nullable ClusterMap map;

  ThreeReplicas(Path root, int shards, RaftConfig raft) throws IOException {
    this(root, shards, raft, null);
  }

  ThreeReplicas(Path root, int shards, RaftConfig raft, @Nullable SharedArchive archive)
      throws IOException {
    this.archive = archive;
    this.root = root;
    this.shards = shards;
    this.raft = raft;
    List<ServerSocket> held = new ArrayList<>();
    for (String id : ALL_IDS) {
      ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
      held.add(socket);
      addressById.put(id, "127.0.0.1:" + socket.getLocalPort());
    }
    for (ServerSocket socket : held) {
      socket.close();
    }
    for (String id : IDS) {
      start(id);
    }
    for (int shard = 0; shard < shards; shard++) {
      awaitLeader(shard);
    }
  }

  void start(String id) throws IOException {
    nodeById.put(id, new Node(id));
  }

  /** Tells all nodes, also those that are started later, where replicas are to be. */
  void place(List<List<String>> placements) {
    SortedMap<String, ClusterMember> members = new TreeMap<>();
    addressById.forEach(
        (id, address) ->
            members.put(
                id, new ClusterMember(id, "", address, "", "", ClusterMember.State.ACTIVE)));
    map = new ClusterMap(3, false, members, placements);
    running().forEach(node -> node.ratis.follow(map));
  }

  private SortedMap<String, String> firstMembersAnd(String id) {
    SortedMap<String, String> addresses = new TreeMap<>(addressById);
    addresses.keySet().removeIf(other -> !IDS.contains(other) && !other.equals(id));
    return addresses;
  }

  /** Waits until these, and no others, have a replica of a shard that votes. */
  void awaitVoters(int shard, String... ids) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(running().get(0).ratis.settledVoters(shard))
                  .containsExactlyInAnyOrder(ids);
              assertThat(
                      running().stream()
                          .filter(n -> n.shard(shard).status().role() != ReplicaStatus.Role.ABSENT)
                          .map(n -> n.id))
                  .containsExactlyInAnyOrder(ids);
            });
  }

  /** Stops a node without handing over leadership. */
  void stop(String id) throws IOException {
    Node node = nodeById.remove(id);
    if (node != null) {
      node.close();
    }
  }

  Node node(String id) {
    Node node = nodeById.get(id);
    if (node == null) {
      throw new IllegalStateException(id + " is not running");
    }
    return node;
  }

  List<Node> running() {
    return List.copyOf(nodeById.values());
  }

  /** The node that leads a shard, waiting for one. */
  String awaitLeader(int shard) {
    return await()
        .atMost(PATIENCE)
        .until(
            () ->
                nodeById.values().stream()
                    .filter(n -> n.shard(shard).status().role() == ReplicaStatus.Role.LEADER)
                    .map(n -> n.id)
                    .findFirst()
                    .orElse(""),
            id -> !id.isEmpty());
  }

  /** Waits until every running node has applied a subject up to {@code head}. */
  void awaitSameHead(Subject subject, long head) {
    for (Node node : running()) {
      await()
          .atMost(PATIENCE)
          .ignoreExceptions()
          .until(() -> node.ratis.shards().of(subject).headHere(subject) == head);
    }
  }

  @Override
  public void close() throws IOException {
    for (Node node : running()) {
      stop(node.id);
    }
  }

  final class Node implements ApplyListener, CommitObserver {
    final String id;
    final RocksStores stores = new RocksStores(StoreConfig.DEFAULT, shards);
    final RatisNode ratis;
    final ConcurrentLinkedQueue<StoredMessage> applied = new ConcurrentLinkedQueue<>();
    final AtomicInteger skipsAhead = new AtomicInteger();

    Node(String id) throws IOException {
      this.id = id;
      Path directory = root.resolve(id);
      String address = String.valueOf(addressById.get(id));
      PeerLink peers =
          (member, shard, submissions) -> {
            Node peer = nodeById.get(member);
            if (peer == null) {
              return CompletableFuture.failedFuture(new IOException(member + " is down"));
            }
            List<Submission> received =
                CommandCodec.fromProto(CommandCodec.toProto(submissions).getSubmissionsList());
            return peer.ratis.forwardedSubmissions().submit(shard, received);
          };
      this.ratis =
          new RatisNode(
              new RatisNode.Settings(
                  "test",
                  id,
                  firstMembersAnd(id),
                  "127.0.0.1",
                  Integer.parseInt(address.substring(address.indexOf(':') + 1)),
                  shards,
                  raft,
                  GroupCommitConfig.DEFAULT,
                  5 << 20),
              DataDirectory.open(directory, "test", id, shards, archive != null),
              stores,
              shard -> IDS,
              peers,
              (member, shard) -> node(member).shard(shard).local(),
              this,
              System::currentTimeMillis,
              archive);
      ratis.start(this);
      if (ratis.isUndecided() && IDS.contains(id) && !founded.contains(id)) {
        List<List<String>> everywhere = Collections.nCopies(shards, IDS);
        ratis.found(new TreeMap<>(Map.of(id, id)), everywhere, this);
        founded.add(id);
      } else if (ratis.isUndecided()) {
        ratis.join();
      }
      if (map != null) {
        ratis.follow(map);
      }
    }

    ReplicatedShard shard(int number) {
      return ratis.replicatedShards().get(number);
    }

    Outcome publish(Subject subject, String... bodies) {
      List<NewMessage> messages = new ArrayList<>();
      for (String body : bodies) {
        messages.add(message(subject, body));
      }
      return ratis.shards().of(subject).publish(messages).join();
    }

    @Nullable String body(Subject subject, long id) {
      StoredMessage message = ratis.shards().of(subject).fetch(subject, id).join();
      try {
        return org.raftbroker.proto.MessageResponse.parseFrom(message.frame())
            .getBody()
            .toStringUtf8();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void onApplied(int shard, List<StoredMessage> messages) {
      applied.addAll(messages);
    }

    @Override
    public void onSkippedAhead(int shard) {
      skipsAhead.incrementAndGet();
    }

    @Override
    public void onReplicaChanged(int shard) {}

    @Override
    public void onCommitted(int shard, int messages, int bytes, long nanos) {}

    @Override
    public void onRetry(int shard, String cause) {}

    void close() throws IOException {
      ratis.close();
      stores.close();
    }
  }

  static NewMessage message(Subject subject, String body) {
    return new NewMessage(subject, ByteString.copyFromUtf8(body), 0, Map.of(), null);
  }
}
