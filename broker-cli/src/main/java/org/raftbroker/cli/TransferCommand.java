package org.raftbroker.cli;

import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.raftbroker.cli.ClusterView.MemberView;
import org.raftbroker.cli.ClusterView.Placed;
import org.raftbroker.client.BrokerClientException;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.TransferLeadershipRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Moves a shard's leadership. */
@Command(
    name = "transfer",
    description =
        "Asks the leader of a shard to hand leadership to another member; prints who leads then.")
final class TransferCommand implements Callable<Integer> {
  @ParentCommand ClusterCommand cluster;

  @Parameters(paramLabel = "SHARD", description = "The shard's number, as 'cluster' shows it.")
  int shard;

  @Option(
      names = "--to",
      paramLabel = "ID",
      defaultValue = "",
      description = "The member that is to lead. Default: any that is up to date.")
  String to;

  @Override
  public Integer call() throws InterruptedException {
    Terminal terminal = cluster.parent.terminal;
    try (Servers servers = cluster.parent.servers()) {
      String leader = transfer(servers, ClusterSurvey.of(servers));
      terminal.line(
          cluster.parent.json()
              ? Json.line(
                  json ->
                      json.beginObject()
                          .name("shard")
                          .value(shard)
                          .name("leader")
                          .value(leader)
                          .endObject())
              : leader);
      return ExitCode.OK;
    }
  }

  private String transfer(Servers servers, ClusterView view) {
    List<Placed> replicas = view.replicasByShard().get(shard);
    if (replicas == null) {
      throw Failure.usage("no shard " + shard + "; there are " + view.replicasByShard().keySet());
    }
    MemberView leader =
        ClusterView.leader(replicas)
            .flatMap(placed -> view.member(placed.memberId()))
            .orElseThrow(
                () ->
                    new Failure(
                        "UNAVAILABLE",
                        "NO_QUORUM",
                        "shard " + shard + " has no leader that could hand over",
                        ExitCode.UNAVAILABLE));
    String address = leader.member().getGrpcAddress();
    try {
      return AdminGrpc.newBlockingStub(servers.client().channel(address))
          .withDeadlineAfter(servers.timeout().toNanos(), TimeUnit.NANOSECONDS)
          .transferLeadership(
              TransferLeadershipRequest.newBuilder().setShard(shard).setToMemberId(to).build())
          .getLeaderId();
    } catch (StatusRuntimeException e) {
      throw Failure.of(BrokerClientException.of(e, address));
    }
  }
}
