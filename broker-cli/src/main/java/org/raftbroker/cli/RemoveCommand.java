package org.raftbroker.cli;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.raftbroker.client.Repeatable;
import org.raftbroker.proto.admin.ChangeClusterRequest;
import org.raftbroker.proto.admin.ClusterDescription;
import org.raftbroker.proto.admin.ClusterMember;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Takes a member out of the cluster. */
@Command(
    name = "remove",
    description = {
      "Moves all replicas away from a member, takes it out of the cluster, and waits for that.",
      "The member may be dead. Until it is out, 'cluster activate' takes the removal back. Asks for"
          + " the member's name first. Progress goes to standard error; Ctrl-C ends only the"
          + " waiting."
    })
final class RemoveCommand implements Callable<Integer> {
  @ParentCommand ClusterCommand cluster;

  @Parameters(paramLabel = "ID", description = "The member, as 'cluster' shows it.")
  String id;

  @Mixin Confirmation confirmation;
  @Mixin WaitOptions wait;

  @Override
  public Integer call() throws InterruptedException, IOException {
    Terminal terminal = cluster.parent.terminal;
    boolean ask = confirmation.needed(terminal);
    try (Servers servers = cluster.parent.servers()) {
      ClusterView before = ClusterSurvey.of(servers);
      if (ask && before.map() != null) {
        confirmation.ask(terminal, "member", id, warning(before, before.map()));
      }
      boolean done = remove(servers, before);
      cluster.print(
          done
              ? id + " is no member any more: its process can be stopped now"
              : id + " is being removed: let its process run until it is no member any more",
          json ->
              json.beginObject()
                  .name("member")
                  .value(id)
                  .name("membership")
                  .value(done ? null : "leaving")
                  .name("done")
                  .value(done)
                  .endObject());
      return ExitCode.OK;
    }
  }

  private boolean remove(Servers servers, ClusterView before) throws InterruptedException {
    Terminal terminal = cluster.parent.terminal;
    ClusterDescription changed;
    try {
      changed =
          ClusterCommand.change(
              servers.patient(),
              Repeatable.ALWAYS,
              ChangeClusterRequest.newBuilder().setRemove(id));
    } catch (Failure e) {
      // A first try went unanswered and was done already when it was repeated.
      if (e.reason().equals("MEMBER_UNKNOWN") && before.membership(id).isPresent()) {
        return true;
      }
      throw e;
    }
    WaitOptions.warnIfPaused(changed, terminal);
    return wait.until(new MoveGoal.Removed(id), changed, servers, terminal);
  }

  private String warning(ClusterView view, ClusterDescription map) {
    if (view.membership(id).isEmpty()) {
      throw new Failure(
          "NOT_FOUND",
          "MEMBER_UNKNOWN",
          "\""
              + id
              + "\" is no member of this cluster; it has "
              + map.getMembersList().stream()
                  .map(ClusterMember::getId)
                  .collect(Collectors.joining(", ")),
          ExitCode.NOT_FOUND);
    }
    List<String> others =
        map.getMembersList().stream()
            .filter(member -> member.getState() == ClusterMember.State.ACTIVE)
            .map(ClusterMember::getId)
            .filter(other -> !other.equals(id))
            .toList();
    return "this takes "
        + id
        + " out of the cluster, and "
        + Quantity.count(view.wantedAt(id).size(), "replica")
        + " away from it; replicas will be on "
        + String.join(", ", others)
        + (others.size() < map.getReplicas()
            ? ", so that shards have "
                + others.size()
                + " of the "
                + map.getReplicas()
                + " that they are to have"
            : "");
  }
}
