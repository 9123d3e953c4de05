package org.raftbroker.cli;

import java.util.concurrent.Callable;
import org.raftbroker.client.Repeatable;
import org.raftbroker.proto.admin.ChangeClusterRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** Takes a pause back. */
@Command(
    name = "resume",
    description = {
      "Lets replicas be spread evenly again, and drained members be emptied.",
      "Does not wait for them; 'cluster' shows how far they are."
    })
final class ResumeCommand implements Callable<Integer> {
  @ParentCommand ClusterCommand cluster;

  @Override
  public Integer call() throws InterruptedException {
    try (Servers servers = cluster.parent.servers()) {
      ClusterCommand.change(
          servers.patient(), Repeatable.ALWAYS, ChangeClusterRequest.newBuilder().setPause(false));
      cluster.print(
          "the rebalance goes on",
          json -> json.beginObject().name("paused").value(false).endObject());
      return ExitCode.OK;
    }
  }
}
