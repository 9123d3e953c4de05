package org.raftbroker.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.raftbroker.client.Repeatable;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.DeleteSubjectRequest;
import org.raftbroker.proto.admin.SubjectDescription;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Removes a subject. */
@Command(
    name = "delete",
    description = {
      "Removes a subject with its messages and settings, and prints the next id.",
      "Its ids are not given out again: a message that is published on it later gets the next one."
          + " Asks for the subject's name first."
    })
final class DeleteSubjectCommand implements Callable<Integer> {
  @ParentCommand SubjectsCommand subjects;

  @Parameters(paramLabel = "SUBJECT", description = "What to remove.")
  String subject;

  @Mixin Confirmation confirmation;

  @Override
  public Integer call() throws InterruptedException, IOException {
    Terminal terminal = subjects.parent.terminal;
    boolean ask = confirmation.needed(terminal);
    try (Servers servers = subjects.parent.servers()) {
      if (ask) {
        confirmation.ask(
            terminal, "subject", subject, warning(SubjectsCommand.describe(servers, subject)));
      }
      long nextId = delete(servers);
      terminal.line(
          subjects.parent.json()
              ? Json.id(subject, "nextId", nextId)
              : "deleted " + subject + ": a message published on it later gets id " + nextId);
      return ExitCode.OK;
    }
  }

  private long delete(Servers servers) throws InterruptedException {
    DeleteSubjectRequest request = DeleteSubjectRequest.newBuilder().setSubject(subject).build();
    // A repeat could delete what somebody has published anew since the first try.
    return Servers.answer(
            servers
                .client()
                .call(
                    AdminGrpc.getDeleteSubjectMethod(),
                    request,
                    Repeatable.IF_IT_CANNOT_HAVE_HAPPENED))
        .getNextId();
  }

  private String warning(SubjectDescription description) {
    return "this removes "
        + subject
        + ", its messages and its settings for good; "
        + SubjectReport.contents(description);
  }
}
