package org.raftbroker.server.grpc;

import io.grpc.ServerServiceDefinition;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.DescribeNodeRequest;
import org.raftbroker.proto.admin.ListSubscriptionsRequest;
import org.raftbroker.proto.admin.ListSubscriptionsResponse;
import org.raftbroker.proto.admin.Member.State;
import org.raftbroker.proto.admin.NodeDescription;
import org.raftbroker.proto.admin.Replica;
import org.raftbroker.proto.admin.SubscriptionDescription;
import org.raftbroker.proto.admin.TransferLeadershipRequest;
import org.raftbroker.proto.admin.TransferLeadershipResponse;
import org.raftbroker.raft.ReplicaStatus;
import org.raftbroker.raft.Shard;
import org.raftbroker.raft.Shards;
import org.raftbroker.server.delivery.Delivery;
import org.raftbroker.server.delivery.SubscriptionStatus;
import org.raftbroker.server.membership.MemberView;
import org.raftbroker.server.membership.Membership;
import org.raftbroker.server.membership.Presence;
import org.raftbroker.server.transport.EventLoops;

/** What operators ask of a node. On event loops; never blocks. */
public final class AdminService {
  static final int MAX_SUBSCRIPTIONS = 1000;

  private static final int DEFAULT_SUBSCRIPTIONS = 50;

  private final Build build;
  private final Membership membership;
  private final Shards shards;
  private final ClusterAdmin cluster;
  private final Delivery delivery;
  private final BooleanSupplier ready;
  private final LimitsConfig limits;
  private final EventLoops loops;
  private final RequestObserver observer;

  /**
   * What does not change while the node runs.
   *
   * @param cluster the cluster's name
   */
  public record Build(String cluster, String version, Instant startedAt) {}

  /**
   * @param ready whether the node serves
   */
  public AdminService(
      Build build,
      Membership membership,
      Shards shards,
      ClusterAdmin cluster,
      Delivery delivery,
      BooleanSupplier ready,
      LimitsConfig limits,
      EventLoops loops,
      RequestObserver observer) {
    this.build = build;
    this.membership = membership;
    this.shards = shards;
    this.cluster = cluster;
    this.delivery = delivery;
    this.ready = ready;
    this.limits = limits;
    this.loops = loops;
    this.observer = observer;
  }

  ServerServiceDefinition definition() {
    ServiceBinding nodes =
        new ServiceBinding(AdminGrpc.getServiceDescriptor(), limits, loops, observer)
            .unary(
                AdminGrpc.getDescribeNodeMethod(),
                DescribeNodeRequest.getDefaultInstance(),
                this::describe)
            .unary(
                AdminGrpc.getTransferLeadershipMethod(),
                TransferLeadershipRequest.getDefaultInstance(),
                this::transferLeadership)
            .unary(
                AdminGrpc.getListSubscriptionsMethod(),
                ListSubscriptionsRequest.getDefaultInstance(),
                this::subscriptions);
    return new SubjectAdmin(shards).bindTo(cluster.bindTo(nodes)).build();
  }

  private CompletableFuture<NodeDescription> describe(DescribeNodeRequest request) {
    NodeDescription.Builder node =
        NodeDescription.newBuilder()
            .setCluster(build.cluster())
            .setNodeId(membership.self().id())
            .setVersion(build.version())
            .setStartedAtMillis(build.startedAt().toEpochMilli())
            .setReady(ready.getAsBoolean())
            .setSubscriptions(delivery.subscriptions());
    for (MemberView view : membership.members()) {
      node.addMembers(
          org.raftbroker.proto.admin.Member.newBuilder()
              .setId(view.id())
              .setGrpcAddress(view.member().grpc().toString())
              .setRaftAddress(view.member().raft().toString())
              .setHttpAddress(view.member().http().toString())
              .setState(state(view.presence()))
              .setDownReason(view.presence().isDown() ? view.presence().toString() : ""));
    }
    for (Shard shard : shards.all()) {
      ReplicaStatus status = shard.status();
      if (!status.isAbsent()) {
        node.addReplicas(replica(status));
      }
    }
    return CompletableFuture.completedFuture(node.build());
  }

  private CompletableFuture<TransferLeadershipResponse> transferLeadership(
      TransferLeadershipRequest request) {
    List<Shard> all = shards.all();
    if (request.getShard() < 0 || request.getShard() >= all.size()) {
      throw new BrokerException(
          Reason.SHARD_INVALID,
          "shard is " + request.getShard() + "; this cluster has 0 to " + (all.size() - 1));
    }
    String to = request.getToMemberId();
    if (!to.isEmpty() && membership.members().stream().noneMatch(m -> m.id().equals(to))) {
      throw new BrokerException(
          Reason.TRANSFER_FAILED,
          "to_member_id names no member of this cluster; it has "
              + String.join(", ", membership.members().stream().map(MemberView::id).toList()));
    }
    return all.get(request.getShard())
        .transferLeadership(to.isEmpty() ? null : to)
        .thenApply(leader -> TransferLeadershipResponse.newBuilder().setLeaderId(leader).build());
  }

  private CompletableFuture<ListSubscriptionsResponse> subscriptions(
      ListSubscriptionsRequest request) {
    int limit = request.getLimit();
    if (limit < 0 || limit > MAX_SUBSCRIPTIONS) {
      throw new BrokerException(
          Reason.COUNT_INVALID,
          "limit is " + limit + "; ask for 1 to " + MAX_SUBSCRIPTIONS + " (0 means 50)",
          Map.of(ErrorStatus.FIELD, "limit"));
    }
    ListSubscriptionsResponse.Builder response =
        ListSubscriptionsResponse.newBuilder().setTotal(delivery.subscriptions());
    for (SubscriptionStatus status :
        delivery.furthestBehind(limit == 0 ? DEFAULT_SUBSCRIPTIONS : limit)) {
      response.addSubscriptions(
          SubscriptionDescription.newBuilder()
              .setSubject(status.subject().toString())
              .setClient(status.client())
              .setNextId(status.nextId())
              .setHeadId(status.headId())
              .setLag(status.lag())
              .setStartedAtMillis(status.startedAtMillis())
              .setBehindSinceMillis(status.behindSinceMillis())
              .setStalled(status.stalled()));
    }
    return CompletableFuture.completedFuture(response.build());
  }

  private static Replica replica(ReplicaStatus status) {
    return Replica.newBuilder()
        .setShard(status.shard())
        .setRole(role(status.role()))
        .setLeaderId(orEmpty(status.leaderId()))
        .setTerm(status.term())
        .setCommitIndex(status.commitIndex())
        .setAppliedIndex(status.appliedIndex())
        .setSnapshotIndex(status.snapshotIndex())
        .setStoreBytes(status.storeBytes())
        .setSubjects(status.subjects())
        .setProblem(orEmpty(status.problem()))
        .setBacklogMessages(status.archive().backlogMessages())
        .setBacklogBytes(status.archive().backlogBytes())
        .setArchivedIndex(status.archive().archivedIndex())
        .build();
  }

  private static State state(Presence presence) {
    return switch (presence) {
      case UP -> State.UP;
      case UNSEEN, FAILED, STOPPED -> State.DOWN;
      case LEFT -> State.LEFT;
    };
  }

  private static Replica.Role role(ReplicaStatus.Role role) {
    return switch (role) {
      case ABSENT -> Replica.Role.ROLE_UNSPECIFIED;
      case STARTING -> Replica.Role.STARTING;
      case LEADER -> Replica.Role.LEADER;
      case FOLLOWER -> Replica.Role.FOLLOWER;
      case CANDIDATE -> Replica.Role.CANDIDATE;
      case LEARNER -> Replica.Role.LEARNER;
      case QUARANTINED -> Replica.Role.QUARANTINED;
    };
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }
}
