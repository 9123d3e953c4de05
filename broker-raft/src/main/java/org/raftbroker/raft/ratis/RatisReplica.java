package org.raftbroker.raft.ratis;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.apache.ratis.io.CorruptedFileException;
import org.apache.ratis.proto.RaftProtos.ServerRpcProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.GroupManagementRequest;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SnapshotManagementRequest;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.statemachine.StateMachine;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.raft.ApplyListener;
import org.raftbroker.raft.ReplicaStatus;
import org.raftbroker.raft.ReplicatedShard;
import org.raftbroker.storage.ShardStore;
import org.raftbroker.storage.ShardStores;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's replica of one shard, or the place where there may be one: a Ratis group, its state
 * machine and its store. Any thread; what starts, moves and deletes it is for one at a time.
 */
final class RatisReplica implements ReplicatedShard.Replica {
  private static final Logger logger = LoggerFactory.getLogger(RatisReplica.class);

  /**
   * A new leader is elected within this, or the old one goes on; meanwhile the shard takes no
   * entries.
   */
  private static final long TRANSFER_MILLIS = 1_000;

  private static final long SNAPSHOT_MILLIS = 60_000;

  /** Longer than a pause of a JVM, shorter than anyone's patience. */
  private static final long IN_TOUCH_MILLIS = 5_000;

  private final int number;
  private final RaftGroupId groupId;
  private final RaftServer server;
  private final DataDirectory data;
  private final ShardStores stores;
  private volatile @Nullable ApplyListener listener;
  private final ReplicaProblem problem;
  private final Quarantine quarantine;
  private final Founding founding;
  private final RaftPeers peers;
  private final ReplicaReader reader;
  private final RatisLog log;
  private final ClientId clientId = ClientId.randomId();
  private final AtomicLong nextCall = new AtomicLong();
  private volatile @Nullable ShardStateMachine stateMachine;

  // On its way in: not damaged, and not of use yet.
  private volatile boolean arriving;

  RatisReplica(
      int number,
      RaftGroupId groupId,
      RaftServer server,
      DataDirectory data,
      Founding founding,
      RaftPeers peers,
      ShardStores stores,
      LongSupplier clockMillis,
      Executor answers) {
    this.number = number;
    this.groupId = groupId;
    this.founding = founding;
    this.peers = peers;
    this.server = server;
    this.data = data;
    this.stores = stores;
    this.problem = new ReplicaProblem(number);
    this.quarantine = data.quarantine(number);
    this.reader = new ReplicaReader(number, problem);
    this.log = new RatisLog(server, groupId, problem, clockMillis, answers);
  }

  /** The same on every node, for ever. */
  static RaftGroupId groupId(String cluster, int shard) {
    return RaftGroupId.valueOf(
        UUID.nameUUIDFromBytes(("raftbroker/" + cluster + "/" + shard).getBytes(UTF_8)));
  }

  RaftGroupId groupId() {
    return groupId;
  }

  RatisLog log() {
    return log;
  }

  ReplicaReader reader() {
    return reader;
  }

  StateMachine newStateMachine() {
    ApplyListener told = listener;
    if (told == null) {
      throw new IllegalStateException("the replica was not started");
    }
    ShardStateMachine created =
        new ShardStateMachine(number, data.store(number), stores, reader, this::outOfService, told);
    stateMachine = created;
    return created;
  }

  /** Starts the replica if there is one, or takes it out of service and says why. */
  void start(ApplyListener told) {
    this.listener = told;
    try {
      Quarantine.Mark mark = quarantine.mark();
      if (mark != null) {
        waitOutside(mark);
      } else if (isOnDisk() || founding.pending().contains(number)) {
        refuseToForget();
        LogTail.repair(logDirectory());
        // Where the group has changed since, its log says so.
        addGroup(RaftGroup.valueOf(groupId, peers.of(founding.firstVoters(number))));
        founding.started(number);
        checkLogReachesStore();
        told.onReplicaChanged(number);
      }
    } catch (IOException | RuntimeException e) {
      outOfService("shard " + number + " cannot start", e);
      removeGroup();
    }
  }

  private void waitOutside(Quarantine.Mark mark) {
    if (mark.isNew()) {
      arriving = true;
    } else {
      problem.report(
          "shard "
              + number
              + " is being rebuilt from other nodes, since it was damaged: "
              + mark.why(),
          null);
    }
  }

  boolean isOnDisk() {
    return Files.exists(logDirectory()) || Files.exists(data.store(number).root());
  }

  /** Whether the cluster is new, and this replica, one of its first, has not started yet. */
  boolean isBeingFounded() {
    return founding.pending().contains(number);
  }

  /** Whether there is a replica here, be it damaged or on its way in. */
  boolean isHere() {
    return arriving || problem.text() != null || isInServer();
  }

  /** Whether it is on its way in, and must be sent all that the others have. */
  boolean isArriving() {
    return arriving;
  }

  /** There is to be a replica here: it comes as one that has nothing. */
  void arrive() throws IOException {
    quarantine.set(new Quarantine.Mark(Quarantine.Step.FOUND, "it is new here", true));
    arriving = true;
    logger.atInfo().addKeyValue("shard", number).log("a replica is to come here");
  }

  /** It is up to date and one of the voters. */
  void arrived() throws IOException {
    quarantine.lift();
    arriving = false;
    tellWhetherItServes();
  }

  private void tellWhetherItServes() {
    ApplyListener told = listener;
    if (told != null) {
      told.onReplicaChanged(number);
    }
  }

  /** There is to be no replica here any more, and the others go on without it. */
  void delete() throws IOException {
    // First the mark: what is left after a crash is then not taken for a damaged replica.
    quarantine.set(new Quarantine.Mark(Quarantine.Step.REJOINING, "it is not wanted here", true));
    arriving = true;
    tellWhetherItServes();
    setAsideFiles(null);
    stateMachine = null;
    problem.clear();
    quarantine.lift();
    arriving = false;
    logger.atInfo().addKeyValue("shard", number).log("replica deleted; other nodes have the shard");
  }

  /**
   * Ratis would begin a new log where there is none, and vote as if it had never acknowledged
   * anything.
   */
  private void refuseToForget() throws IOException {
    if (!Files.exists(logDirectory())) {
      if (Files.exists(data.store(number).root())) {
        throw new CorruptedFileException(
            logDirectory().toFile(), "the log is gone, but the store is there");
      }
      return;
    }
    // Term and vote. A full disk can leave this file empty: whom the replica voted for is then
    // forgotten.
    Path vote = logDirectory().resolve("current").resolve("raft-meta");
    if (!Files.exists(vote) || !Files.readString(vote).contains("term=")) {
      throw new CorruptedFileException(vote.toFile(), "the replica's term and vote are gone");
    }
  }

  /** What is in the store was in the log, on disk, before. */
  private void checkLogReachesStore() throws IOException {
    ShardStore store = reader.store();
    RaftLog raftLog = server.getDivision(groupId).getRaftLog();
    TermIndex last = raftLog.getLastEntryTermIndex();
    long end = Math.max(last == null ? -1 : last.getIndex(), raftLog.getSnapshotIndex());
    if (store != null && store.appliedIndex() > end) {
      throw new CorruptedFileException(
          logDirectory().toFile(),
          "the log ends at entry " + end + ", but the store has applied " + store.appliedIndex());
    }
  }

  private void addGroup(RaftGroup start) throws IOException {
    // After a start that failed Ratis holds on to its lock until the process ends. Nobody else can
    // be
    // here: the data directory has a lock of its own.
    Files.deleteIfExists(logDirectory().resolve("in_use.lock"));
    RaftClientReply reply =
        server
            .groupManagementAsync(
                GroupManagementRequest.newAdd(
                    clientId, server.getId(), nextCall.incrementAndGet(), start, false))
            .join();
    if (!reply.isSuccess()) {
      throw new IOException("Ratis did not start the shard", reply.getException());
    }
    logger.atInfo().addKeyValue("shard", number).log("replica started");
  }

  private Path logDirectory() {
    return data.raft().resolve(groupId.getUuid().toString());
  }

  /** Called wherever something fails that the replica cannot go on without; any thread. */
  private void outOfService(String what, Throwable cause) {
    problem.report(what, cause);
    tellWhetherItServes();
    if (!ReplicaProblem.isDamage(cause)) {
      return;
    }
    try {
      if (quarantine.mark() == null) {
        quarantine.set(
            new Quarantine.Mark(Quarantine.Step.FOUND, String.valueOf(problem.text()), false));
      }
    } catch (IOException e) {
      logger
          .atError()
          .setCause(e)
          .addKeyValue("shard", number)
          .log("the quarantine cannot be marked");
    }
  }

  /** Whether this replica waits for {@link Arrival}. */
  boolean isQuarantined() throws IOException {
    return quarantine.mark() != null;
  }

  /**
   * Moves all files of this replica away, after ending what runs on them.
   *
   * @param kept where they are kept; null: they are deleted
   */
  void setAsideFiles(@Nullable Path kept) throws IOException {
    removeGroup();
    Path where = kept == null ? quarantine.rubbish() : kept;
    SnapshotDirectory.deleteTree(where);
    Files.createDirectories(where);
    for (Path directory : List.of(logDirectory(), data.store(number).root())) {
      if (Files.exists(directory)) {
        Files.move(
            directory, where.resolve(directory.getFileName()), StandardCopyOption.ATOMIC_MOVE);
      }
    }
    if (Files.exists(data.raft())) {
      Durable.sync(data.raft());
    }
    if (kept == null) {
      SnapshotDirectory.deleteTree(where);
    }
  }

  /** Without members: it learns them, and all else, from the leader that adds it. */
  void ensureStartedEmpty() throws IOException {
    if (isInServer() && problem.text() == null) {
      return; // an earlier attempt, which may be catching up
    }
    removeGroup();
    arriving = true;
    problem.clear();
    addGroup(RaftGroup.valueOf(groupId));
  }

  /** Tries to start again, after something that may pass, such as a full disk. */
  void restart() {
    ApplyListener told = listener;
    if (told == null) {
      return;
    }
    removeGroup();
    problem.clear();
    start(told);
  }

  private void removeGroup() {
    if (isInServer()) {
      server
          .groupManagementAsync(
              GroupManagementRequest.newRemove(
                  clientId, server.getId(), nextCall.incrementAndGet(), groupId, false, false))
          .join();
    }
    close();
  }

  private boolean isInServer() {
    try {
      server.getDivision(groupId);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  int number() {
    return number;
  }

  @Override
  public boolean serves() {
    return reader.store() != null && problem.text() == null && !arriving;
  }

  Quarantine quarantine() {
    return quarantine;
  }

  @Override
  public ReplicaStatus status() {
    if (!isHere()) {
      return ReplicaStatus.absent(number, null);
    }
    ShardStateMachine machine = stateMachine;
    ReplicaReader.Extent extent = reader.extent();
    String why = problem.text();
    RaftServer.Division division = runningDivision();
    DivisionInfo info = division == null ? null : division.getInfo();
    RaftPeerId leader = info == null ? null : info.getLeaderId();
    return new ReplicaStatus(
        number,
        role(why, info),
        leader == null ? null : leader.toString(),
        info == null ? 0 : info.getCurrentTerm(),
        division == null ? -1 : division.getRaftLog().getLastCommittedIndex(),
        appliedIndex(),
        machine == null ? -1 : machine.snapshotIndex(),
        extent.diskBytes(),
        extent.subjects(),
        why,
        extent.archive());
  }

  /** The last entry that is in the store; -1 before the first. */
  long appliedIndex() {
    ShardStateMachine machine = stateMachine;
    return machine == null ? -1 : machine.getLastAppliedTermIndex().getIndex();
  }

  /** The last entry that this replica knows to be committed; -1 before the first. */
  long committedIndex() {
    RaftServer.Division division = runningDivision();
    return division == null ? -1 : division.getRaftLog().getLastCommittedIndex();
  }

  private ReplicaStatus.Role role(@Nullable String why, @Nullable DivisionInfo running) {
    if (why != null) {
      return ReplicaStatus.Role.QUARANTINED;
    }
    if (arriving) {
      return ReplicaStatus.Role.LEARNER;
    }
    return running == null ? ReplicaStatus.Role.STARTING : role(running);
  }

  private RaftServer.@Nullable Division runningDivision() {
    try {
      RaftServer.Division division = server.getDivision(groupId);
      return division.getInfo().getLifeCycleState().isRunning() ? division : null;
    } catch (IOException e) {
      return null;
    }
  }

  private static ReplicaStatus.Role role(DivisionInfo info) {
    return switch (info.getCurrentRole()) {
      case LEADER ->
          info.isLeaderReady() ? ReplicaStatus.Role.LEADER : ReplicaStatus.Role.CANDIDATE;
      case CANDIDATE -> ReplicaStatus.Role.CANDIDATE;
      case FOLLOWER -> ReplicaStatus.Role.FOLLOWER;
      case LISTENER -> ReplicaStatus.Role.LEARNER;
      case UNRECOGNIZED -> ReplicaStatus.Role.STARTING;
    };
  }

  @Override
  public CompletableFuture<String> transferLeadership(@Nullable String toMemberId) {
    if (!log.leads()) {
      String leader = log.leaderId();
      return refused(
          "this node does not lead shard "
              + number
              + "; ask "
              + (leader == null ? "again when it has a leader" : leader));
    }
    String target = toMemberId != null ? toMemberId : liveliestFollower();
    if (target == null || target.equals(server.getId().toString())) {
      return target == null
          ? refused("shard " + number + " has no other replica that answers")
          : CompletableFuture.completedFuture(target);
    }
    if (!voters().contains(target)) {
      return refused(
          "\"" + target + "\" has no replica of shard " + number + "; these have: " + voters());
    }
    try {
      return server
          .transferLeadershipAsync(
              new TransferLeadershipRequest(
                  clientId,
                  server.getId(),
                  groupId,
                  nextCall.incrementAndGet(),
                  RaftPeerId.valueOf(target),
                  TRANSFER_MILLIS))
          .thenApply(
              reply -> {
                if (reply.isSuccess()) {
                  return target;
                }
                throw new CompletionException(refusal(String.valueOf(reply.getException())));
              });
    } catch (IOException e) {
      return refused(String.valueOf(e.getMessage()));
    }
  }

  /** Who votes, as far as this replica knows, by rising id; empty if there is none here. */
  List<String> voters() {
    try {
      return server.getDivision(groupId).getRaftConf().getCurrentPeers().stream()
          .map(peer -> peer.getId().toString())
          .sorted()
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private @Nullable String liveliestFollower() {
    List<String> voters = voters();
    return followers().stream()
        .filter(follower -> voters.contains(id(follower)))
        .min(Comparator.comparingLong(ServerRpcProto::getLastRpcElapsedTimeMs))
        .map(RatisReplica::id)
        .orElse(null);
  }

  /** Whether a follower has answered lately; for the leader. */
  boolean isInTouchWith(String memberId) {
    return followers().stream()
        .anyMatch(f -> id(f).equals(memberId) && f.getLastRpcElapsedTimeMs() < IN_TOUCH_MILLIS);
  }

  private List<ServerRpcProto> followers() {
    try {
      DivisionInfo info = server.getDivision(groupId).getInfo();
      return info.getRoleInfoProto().getLeaderInfo().getFollowerInfoList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static String id(ServerRpcProto follower) {
    return follower.getId().getId().toStringUtf8();
  }

  private static CompletableFuture<String> refused(String why) {
    return CompletableFuture.failedFuture(refusal(why));
  }

  private static BrokerException refusal(String why) {
    return new BrokerException(Reason.TRANSFER_FAILED, why);
  }

  /** Takes a snapshot if this much of the log has been applied since the last one. */
  void snapshotIfDue(long bytes, long entries) {
    ShardStateMachine machine = stateMachine;
    if (machine == null
        || !serves()
        || (machine.bytesSinceSnapshot() < bytes && machine.entriesSinceSnapshot() < entries)) {
      return;
    }
    var unused =
        server
            .snapshotManagementAsync(
                SnapshotManagementRequest.newCreate(
                    clientId,
                    server.getId(),
                    groupId,
                    nextCall.incrementAndGet(),
                    SNAPSHOT_MILLIS,
                    1))
            .whenComplete(
                (reply, failure) -> {
                  if (failure != null || !reply.isSuccess()) {
                    logger
                        .atWarn()
                        .setCause(failure != null ? failure : reply.getException())
                        .addKeyValue("shard", number)
                        .log("no snapshot taken; the log grows until one is");
                  }
                });
  }

  /** The store is closed by Ratis with the group; one that never started is closed here. */
  void close() {
    ShardStateMachine machine = stateMachine;
    if (machine != null) {
      machine.close();
    }
  }
}
