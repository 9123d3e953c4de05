package org.raftbroker.server.peer;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.raft.PeerLink;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.server.membership.MemberChange;
import org.raftbroker.server.membership.MemberView;
import org.raftbroker.server.membership.Membership;
import org.raftbroker.server.membership.Presence;
import org.raftbroker.server.transport.EventLoops;
import org.raftbroker.storage.Outcome;

/** This node's connections to the other members. Any thread; nothing blocks. */
public final class PeerConnections implements PeerLink {
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

  /** Breaks every connection; what is under way fails. */
  public void close() {
    closed = true;
    connectionById.values().forEach(PeerConnection::close);
  }

  /** The ids of all members but this one and those that have left. */
  List<String> peers() {
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
