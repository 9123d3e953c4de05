package org.raftbroker.cli;

import java.util.concurrent.Callable;
import org.raftbroker.client.Repeatable;
import org.raftbroker.proto.admin.ChangeClusterRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** Keeps replicas where they are. */
@Command(
    name = "pause",
    description = {
      "Leaves replicas where they are to be now, until 'cluster resume'.",
      "What is on the move arrives, and 'cluster move' still works. Drained and removed members keep"
          + " the replicas that have not been placed elsewhere yet."
    })
final class PauseCommand implements Callable<Integer> {
  @ParentCommand ClusterCommand cluster;

  @Override
  public Integer call() throws InterruptedException {
    try (Servers servers = cluster.parent.servers()) {
      ClusterCommand.change(
          servers.patient(), Repeatable.ALWAYS, ChangeClusterRequest.newBuilder().setPause(true));
      cluster.print(
          "the rebalance is paused",
          json -> json.beginObject().name("paused").value(true).endObject());
      return ExitCode.OK;
    }
  }
}
