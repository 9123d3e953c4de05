package org.raftbroker.cli;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.raftbroker.cli.ClusterView.MemberView;
import org.raftbroker.client.BrokerClientException;
import org.raftbroker.client.Repeatable;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.AdminGrpc.AdminFutureStub;
import org.raftbroker.proto.admin.ClusterDescription;
import org.raftbroker.proto.admin.DescribeClusterRequest;
import org.raftbroker.proto.admin.DescribeNodeRequest;
import org.raftbroker.proto.admin.Member;
import org.raftbroker.proto.admin.NodeDescription;

/**
 * Looks at a cluster once: learns of members and the cluster map from the first server that
 * answers, then asks all members at the same time. One thread.
 */
final class ClusterSurvey {
  /** A member that is down must not make the others wait. */
  private static final Duration MEMBER_TIMEOUT = Duration.ofSeconds(3);

  private static final DescribeNodeRequest ASK_NODE = DescribeNodeRequest.getDefaultInstance();
  private static final DescribeClusterRequest ASK_MAP = DescribeClusterRequest.getDefaultInstance();

  private final Servers servers;
  private final Map<String, MemberView> viewById = new LinkedHashMap<>();

  /** The newest that any member knows: one that was cut off, or removed, has an old one. */
  private @Nullable ClusterDescription map;

  private record Asked(
      Member member,
      ListenableFuture<NodeDescription> node,
      ListenableFuture<ClusterDescription> map) {}

  private ClusterSurvey(Servers servers) {
    this.servers = servers;
  }

  /**
   * Looks.
   *
   * @throws Failure if no server answers
   */
  static ClusterView of(Servers servers) throws InterruptedException {
    return new ClusterSurvey(servers).look();
  }

  private ClusterView look() throws InterruptedException {
    NodeDescription first = first(AdminGrpc.getDescribeNodeMethod(), ASK_NODE);
    map = firstMap();
    // A newer map may name members that the first server had not heard of.
    for (List<Member> unasked = unasked(first); !unasked.isEmpty(); unasked = unasked(first)) {
      List<Asked> asked = unasked.stream().map(this::ask).toList();
      for (Asked one : asked) {
        viewById.put(one.member.getId(), view(one));
        takeIfNewer(map(one));
      }
    }
    return new ClusterView(first.getCluster(), List.copyOf(viewById.values()), map);
  }

  private @Nullable ClusterDescription firstMap() throws InterruptedException {
    try {
      return first(AdminGrpc.getDescribeClusterMethod(), ASK_MAP);
    } catch (Failure e) {
      if (e.code().equals("UNIMPLEMENTED")) {
        return null; // a version from before there were cluster maps
      }
      throw e;
    }
  }

  private <Q, A> A first(MethodDescriptor<Q, A> method, Q request) throws InterruptedException {
    return Servers.answer(servers.client().call(method, request, Repeatable.ALWAYS));
  }

  private List<Member> unasked(NodeDescription first) {
    Map<String, Member> memberById = new LinkedHashMap<>();
    first.getMembersList().forEach(member -> memberById.put(member.getId(), member));
    if (map != null) {
      map.getMembersList()
          .forEach(
              member ->
                  memberById.putIfAbsent(
                      member.getId(),
                      Member.newBuilder()
                          .setId(member.getId())
                          .setGrpcAddress(member.getGrpcAddress())
                          .build()));
    }
    List<Member> unasked = new ArrayList<>(memberById.values());
    unasked.removeIf(member -> viewById.containsKey(member.getId()));
    return unasked;
  }

  private Asked ask(Member member) {
    long timeout = Math.min(MEMBER_TIMEOUT.toNanos(), servers.timeout().toNanos());
    AdminFutureStub admin =
        AdminGrpc.newFutureStub(servers.client().channel(member.getGrpcAddress()))
            .withDeadlineAfter(timeout, TimeUnit.NANOSECONDS);
    return new Asked(member, admin.describeNode(ASK_NODE), admin.describeCluster(ASK_MAP));
  }

  private static MemberView view(Asked asked) throws InterruptedException {
    Member member = asked.member;
    try {
      return new MemberView(member, asked.node.get(), "");
    } catch (ExecutionException e) {
      return new MemberView(member, null, Failure.of(requireRefusal(member, e)).text());
    }
  }

  private static @Nullable ClusterDescription map(Asked asked) throws InterruptedException {
    try {
      return asked.map.get();
    } catch (ExecutionException e) {
      requireRefusal(asked.member, e);
      return null; // one map is enough, and what is the matter with this member its view tells
    }
  }

  private static BrokerClientException requireRefusal(Member member, ExecutionException e) {
    if (e.getCause() instanceof StatusRuntimeException refused) {
      return BrokerClientException.of(refused, member.getGrpcAddress());
    }
    throw new IllegalStateException("asking member " + member.getId() + " failed", e);
  }

  private void takeIfNewer(@Nullable ClusterDescription other) {
    if (other != null && (map == null || other.getVersion() > map.getVersion())) {
      map = other;
    }
  }
}
