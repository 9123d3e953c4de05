package org.raftbroker.server.peer;

import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.cluster.AwaitMapRequest;
import org.raftbroker.proto.cluster.ClusterGrpc;
import org.raftbroker.proto.cluster.FoundRequest;
import org.raftbroker.proto.cluster.FoundResponse;
import org.raftbroker.proto.cluster.MapVersion;
import org.raftbroker.proto.peer.FollowRequest;
import org.raftbroker.proto.peer.FollowResponse;
import org.raftbroker.proto.peer.InterestFrame;
import org.raftbroker.proto.peer.InterestTaken;
import org.raftbroker.raft.PeerLink;
import org.raftbroker.raft.RemoteReplicas;
import org.raftbroker.raft.ReplicaReads;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.server.membership.MemberChange;
import org.raftbroker.server.membership.MemberView;
import org.raftbroker.server.membership.Membership;
import org.raftbroker.server.membership.Presence;
import org.raftbroker.server.transport.EventLoops;
import org.raftbroker.storage.Outcome;

/** This node's connections to the other members. Any thread; nothing blocks. */
public final class PeerConnections implements PeerLink, RemoteReplicas {
  /** The asked one answers within 5 s; connecting may take some of it. */
  private static final Duration AWAIT_MAP_TIMEOUT = Duration.ofSeconds(8);

  private final Membership membership;
  private final ClusterSecret secret;
  private final PeerConfig config;
  private final EventLoops loops;
  private final Map<String, PeerConnection> connectionById = new ConcurrentHashMap<>();
  private volatile boolean closed;

  public PeerConnections(
      Membership membership, ClusterSecret secret, PeerConfig config, EventLoops loops) {
    this.membership = membership;
    this.secret = secret;
    this.config = config;
    this.loops = loops;
    membership.watch(this::onChange);
  }

  /**
   * A member that has moved is dialled at its new address; what is under way to the old one fails.
   */
  private void onChange(MemberChange change) {
    PeerConnection known = connectionById.get(change.now().id());
    if (known != null
        && !known.leadsTo(change.now().member())
        && connectionById.remove(change.now().id(), known)) {
      known.close();
    }
  }

  @Override
  public CompletableFuture<List<Outcome>> forward(
      String memberId, int shard, List<Submission> submissions) {
    PeerConnection connection = to(memberId);
    return connection == null
        ? CompletableFuture.failedFuture(
            new PeerException("no way to member " + memberId + (closed ? ": stopping" : "")))
        : connection.forward(shard, submissions);
  }

  @Override
  public ReplicaReads at(String memberId, int shard) {
    PeerConnection connection = to(memberId);
    if (connection == null) {
      throw new PeerException("no way to member " + memberId + (closed ? ": stopping" : ""));
    }
    return new PeerReplica(shard, connection::ask);
  }

  /** A call that is not started yet; null if there is no way to the member. */
  @Nullable ClientCall<FollowRequest, FollowResponse> follow(String memberId) {
    PeerConnection connection = to(memberId);
    return connection == null ? null : connection.follow();
  }

  /** A call that is not started yet; null if there is no way to the member. */
  @Nullable ClientCall<InterestFrame, InterestTaken> tellInterests(String memberId) {
    PeerConnection connection = to(memberId);
    return connection == null ? null : connection.tellInterests();
  }

  /** Breaks every connection; what is under way fails. */
  public void close() {
    closed = true;
    connectionById.values().forEach(PeerConnection::close);
  }

  /** The ids of all members but this one and those that have left. */
  public List<String> peers() {
    String self = membership.self().id();
    return membership.members().stream()
        .filter(view -> view.presence() != Presence.LEFT)
        .map(MemberView::id)
        .filter(id -> !id.equals(self))
        .toList();
  }

  /** Delivers an ephemeral message to the subscriptions of a peer, and says how many there were. */
  CompletableFuture<Integer> deliver(String memberId, PublishRequest message) {
    PeerConnection connection = to(memberId);
    return connection == null
        ? CompletableFuture.failedFuture(new PeerException("no way to member " + memberId))
        : connection.deliver(message);
  }

  /** Asks a first member whether the cluster is new. */
  public CompletableFuture<FoundResponse> found(String memberId, FoundRequest question) {
    return ask(memberId, ClusterGrpc.getFoundMethod(), question, config.connectTimeout());
  }

  /**
   * Asks a member for a cluster map that is newer than this version.
   *
   * @return whatever it has after a few seconds, if there is none
   */
  public CompletableFuture<MapVersion> awaitMap(String memberId, long afterVersion) {
    return ask(
        memberId,
        ClusterGrpc.getAwaitMapMethod(),
        AwaitMapRequest.newBuilder().setAfterVersion(afterVersion).build(),
        AWAIT_MAP_TIMEOUT);
  }

  private <Q, A> CompletableFuture<A> ask(
      String memberId, MethodDescriptor<Q, A> method, Q question, Duration timeout) {
    PeerConnection connection = to(memberId);
    return connection == null
        ? CompletableFuture.failedFuture(new PeerException("no way to member " + memberId))
        : connection.ask(method, question, timeout);
  }

  private @Nullable PeerConnection to(String memberId) {
    PeerConnection known = connectionById.get(memberId);
    if (known != null || closed) {
      return closed ? null : known;
    }
    for (MemberView view : membership.members()) {
      if (view.id().equals(memberId)) {
        return connectionById.computeIfAbsent(
            memberId, id -> new PeerConnection(view.member(), secret, config, loops));
      }
    }
    return null;
  }
}
