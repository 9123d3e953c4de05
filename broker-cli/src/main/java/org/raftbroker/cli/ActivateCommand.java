package org.raftbroker.cli;

import java.util.concurrent.Callable;
import org.raftbroker.client.Repeatable;
import org.raftbroker.proto.admin.ChangeClusterRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Takes a drain back. */
@Command(
    name = "activate",
    description = {
      "Lets a member have replicas again that was drained, or that is being removed.",
      "Does not wait for them; 'cluster' shows how they arrive."
    })
final class ActivateCommand implements Callable<Integer> {
  @ParentCommand ClusterCommand cluster;

  @Parameters(paramLabel = "ID", description = "The member, as 'cluster' shows it.")
  String id;

  @Override
  public Integer call() throws InterruptedException {
    try (Servers servers = cluster.parent.servers()) {
      ClusterCommand.change(
          servers.patient(), Repeatable.ALWAYS, ChangeClusterRequest.newBuilder().setActivate(id));
      cluster.print(
          id + " is active: it may have replicas",
          json ->
              json.beginObject()
                  .name("member")
                  .value(id)
                  .name("membership")
                  .value("active")
                  .endObject());
      return ExitCode.OK;
    }
  }
}
