package org.raftbroker.cli;

import java.util.concurrent.Callable;
import org.raftbroker.client.Repeatable;
import org.raftbroker.proto.admin.ChangeClusterRequest;
import org.raftbroker.proto.admin.ClusterDescription;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Empties a member. */
@Command(
    name = "drain",
    description = {
      "Moves all replicas away from a member, and waits until it has none.",
      "It stays a member, takes clients, and gets no replicas before 'cluster activate'. Progress"
          + " goes to standard error; Ctrl-C ends only the waiting."
    })
final class DrainCommand implements Callable<Integer> {
  @ParentCommand ClusterCommand cluster;

  @Parameters(paramLabel = "ID", description = "The member, as 'cluster' shows it.")
  String id;

  @Mixin WaitOptions wait;

  @Override
  public Integer call() throws InterruptedException {
    Terminal terminal = cluster.parent.terminal;
    try (Servers servers = cluster.parent.servers()) {
      ClusterDescription changed =
          ClusterCommand.change(
              servers.patient(), Repeatable.ALWAYS, ChangeClusterRequest.newBuilder().setDrain(id));
      WaitOptions.warnIfPaused(changed, terminal);
      boolean done = wait.until(new MoveGoal.Drained(id), changed, servers, terminal);
      cluster.print(
          done ? id + " is drained: it has no replicas" : id + " is being drained",
          json ->
              json.beginObject()
                  .name("member")
                  .value(id)
                  .name("membership")
                  .value("draining")
                  .name("done")
                  .value(done)
                  .endObject());
      return ExitCode.OK;
    }
  }
}
