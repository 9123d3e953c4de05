package org.raftbroker.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.raftbroker.client.BrokerClient;
import org.raftbroker.client.Repeatable;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.ChangeClusterRequest;
import org.raftbroker.proto.admin.ClusterDescription;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Shows the whole cluster, and what its replicas do that are on the move. */
@Command(
    name = "cluster",
    description = {
      "Shows members, shards, leaders, replicas on the move, how far replicas and the archive lag,"
          + " and problems.",
      "The commands below say where replicas and leaders are to be."
    },
    subcommands = {
      TransferCommand.class,
      DrainCommand.class,
      ActivateCommand.class,
      RemoveCommand.class,
      MoveCommand.class,
      PauseCommand.class,
      ResumeCommand.class
    })
final class ClusterCommand implements Callable<Integer> {
  @ParentCommand Brokerctl parent;

  @Option(names = "--check", description = "End with exit code 1 if there are problems.")
  boolean check;

  @Override
  public Integer call() throws InterruptedException {
    try (Servers servers = parent.servers()) {
      ClusterView view = ClusterSurvey.of(servers);
      List<String> problems = ClusterProblems.of(view);
      if (parent.json()) {
        parent.terminal.line(ClusterReport.json(view, problems));
      } else {
        ClusterReport.text(view, problems).forEach(parent.terminal::line);
      }
      return check && !problems.isEmpty() ? ExitCode.REFUSED : ExitCode.OK;
    }
  }

  /**
   * Has the cluster map changed.
   *
   * @return the map after it
   */
  static ClusterDescription change(
      BrokerClient client, Repeatable repeatable, ChangeClusterRequest.Builder change)
      throws InterruptedException {
    try {
      return Servers.answer(
          client.call(AdminGrpc.getChangeClusterMethod(), change.build(), repeatable));
    } catch (Failure e) {
      throw e.code().equals("UNIMPLEMENTED")
          ? new Failure(e.code(), "SERVER_TOO_OLD", e.text(), e.exitCode())
          : e;
    }
  }

  /** Writes a result in the form that was asked for. */
  void print(String text, Json.Content json) {
    parent.terminal.line(parent.json() ? Json.line(json) : text);
  }
}
