package org.raftbroker.cli;

import java.util.concurrent.Callable;
import org.raftbroker.client.Repeatable;
import org.raftbroker.proto.admin.ChangeClusterRequest;
import org.raftbroker.proto.admin.ClusterDescription;
import org.raftbroker.proto.admin.MoveReplica;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Moves one replica. */
@Command(
    name = "move",
    description = {
      "Moves a replica of a shard from one member to another, and waits until it is there.",
      "Refused if the rebalance would undo it, unless that is paused. Progress goes to standard"
          + " error; Ctrl-C ends only the waiting."
    })
final class MoveCommand implements Callable<Integer> {
  @ParentCommand ClusterCommand cluster;

  @Parameters(paramLabel = "SHARD", description = "The shard's number, as 'cluster' shows it.")
  int shard;

  @Option(
      names = "--from",
      paramLabel = "ID",
      required = true,
      description = "The member that has the replica.")
  String from;

  @Option(
      names = "--to",
      paramLabel = "ID",
      required = true,
      description = "The member that is to have it.")
  String to;

  @Mixin WaitOptions wait;

  @Override
  public Integer call() throws InterruptedException {
    Terminal terminal = cluster.parent.terminal;
    try (Servers servers = cluster.parent.servers()) {
      ClusterDescription changed =
          // A repeat would be refused, as if someone else had moved it.
          ClusterCommand.change(
              servers.client(),
              Repeatable.IF_IT_CANNOT_HAVE_HAPPENED,
              ChangeClusterRequest.newBuilder()
                  .setMove(
                      MoveReplica.newBuilder()
                          .setShard(shard)
                          .setFromMemberId(from)
                          .setToMemberId(to)));
      boolean done = wait.until(new MoveGoal.Moved(shard, from, to), changed, servers, terminal);
      cluster.print(
          "shard " + shard + (done ? " has moved " : " moves ") + from + " -> " + to,
          json ->
              json.beginObject()
                  .name("shard")
                  .value(shard)
                  .name("from")
                  .value(from)
                  .name("to")
                  .value(to)
                  .name("done")
                  .value(done)
                  .endObject());
      return ExitCode.OK;
    }
  }
}
