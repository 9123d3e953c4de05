package org.raftbroker.cli;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.raftbroker.cli.ClusterView.MemberView;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.DescribeNodeRequest;
import org.raftbroker.proto.admin.Member;
import org.raftbroker.proto.admin.NodeDescription;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Shows the whole cluster. */
@Command(
    name = "cluster",
    description =
        "Shows members, shards, leaders, how far replicas and the archive lag, and problems.",
    subcommands = TransferCommand.class)
final class ClusterCommand implements Callable<Integer> {
  /** A member that is down must not make the others wait. */
  private static final Duration MEMBER_TIMEOUT = Duration.ofSeconds(3);

  @ParentCommand Brokerctl parent;

  @Option(names = "--check", description = "End with exit code 1 if there are problems.")
  boolean check;

  @Override
  public Integer call() throws InterruptedException {
    try (Servers servers = parent.servers()) {
      ClusterView view = look(servers);
      List<String> problems = ClusterProblems.of(view);
      if (parent.json()) {
        parent.terminal.line(ClusterReport.json(view, problems));
      } else {
        ClusterReport.text(view, problems).forEach(parent.terminal::line);
      }
      return check && !problems.isEmpty() ? ExitCode.REFUSED : ExitCode.OK;
    }
  }

  /** Learns the members from the first server that answers, then asks all of them at once. */
  static ClusterView look(Servers servers) throws InterruptedException {
    NodeDescription first =
        servers.call(
            Retry.ONCE_EACH,
            attempt ->
                AdminGrpc.newBlockingStub(attempt.channel())
                    .withDeadlineAfter(attempt.timeoutNanos(), TimeUnit.NANOSECONDS)
                    .describeNode(DescribeNodeRequest.getDefaultInstance()));
    Map<Member, ListenableFuture<NodeDescription>> asked = new LinkedHashMap<>();
    long timeout = Math.min(MEMBER_TIMEOUT.toNanos(), servers.timeout().toNanos());
    for (Member member : first.getMembersList()) {
      asked.put(
          member,
          AdminGrpc.newFutureStub(servers.channel(member.getGrpcAddress()))
              .withDeadlineAfter(timeout, TimeUnit.NANOSECONDS)
              .describeNode(DescribeNodeRequest.getDefaultInstance()));
    }
    List<MemberView> members = new ArrayList<>();
    for (Map.Entry<Member, ListenableFuture<NodeDescription>> each : asked.entrySet()) {
      members.add(await(each.getKey(), each.getValue()));
    }
    return new ClusterView(first.getCluster(), members);
  }

  private static MemberView await(Member member, ListenableFuture<NodeDescription> answer)
      throws InterruptedException {
    try {
      return new MemberView(member, answer.get(), "");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof StatusRuntimeException refused) {
        return new MemberView(member, null, Failure.of(refused, member.getGrpcAddress()).text());
      }
      throw new IllegalStateException("asking member " + member.getId() + " failed", e);
    }
  }
}
