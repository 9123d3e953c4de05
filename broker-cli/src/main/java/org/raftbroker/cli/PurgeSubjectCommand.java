package org.raftbroker.cli;

import io.grpc.MethodDescriptor;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.raftbroker.client.Repeatable;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.PurgeSubjectRequest;
import org.raftbroker.proto.admin.PurgeSubjectResponse;
import org.raftbroker.proto.admin.SubjectDescription;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Removes messages. */
@Command(
    name = "purge",
    description = {
      "Removes the messages of a subject, all or the oldest, and prints the first id that may"
          + " still be there.",
      "The subject keeps its settings, and ids go on as if the messages were still there. Asks for"
          + " the subject's name first."
    })
final class PurgeSubjectCommand implements Callable<Integer> {
  private static final MethodDescriptor<PurgeSubjectRequest, PurgeSubjectResponse> PURGE =
      AdminGrpc.getPurgeSubjectMethod();

  @ParentCommand SubjectsCommand subjects;

  @Parameters(paramLabel = "SUBJECT", description = "Whose messages to remove.")
  String subject;

  @Option(
      names = "--up-to",
      paramLabel = "ID",
      description = "The last id to remove. Default: all that there are.")
  @Nullable Long upToId;

  @Mixin Confirmation confirmation;

  @Override
  public Integer call() throws InterruptedException, IOException {
    // 0 asks a node for everything: not what a script means that has counted down to it.
    if (upToId != null && upToId < 1) {
      throw Failure.usage("--up-to " + upToId + ": ids start at 1; without it, all are removed");
    }
    Terminal terminal = subjects.parent.terminal;
    boolean ask = confirmation.needed(terminal);
    try (Servers servers = subjects.parent.servers()) {
      if (ask) {
        confirmation.ask(
            terminal, "subject", subject, warning(SubjectsCommand.describe(servers, subject)));
      }
      long firstId = purge(servers);
      terminal.line(
          subjects.parent.json()
              ? Json.id(subject, "firstId", firstId)
              : "purged " + subject + ": the first id that may still be there is " + firstId);
      return ExitCode.OK;
    }
  }

  private long purge(Servers servers) throws InterruptedException {
    PurgeSubjectRequest request =
        PurgeSubjectRequest.newBuilder()
            .setSubject(subject)
            .setUpToId(upToId == null ? 0 : upToId)
            .build();
    // A repeat without an id would also remove what was published since the first try.
    CompletableFuture<PurgeSubjectResponse> answer =
        upToId == null
            ? servers.client().call(PURGE, request, Repeatable.IF_IT_CANNOT_HAVE_HAPPENED)
            : servers.patient().call(PURGE, request, Repeatable.ALWAYS);
    return Servers.answer(answer).getFirstId();
  }

  private String warning(SubjectDescription description) {
    return "this removes "
        + (upToId == null
            ? "all messages of " + subject
            : "the messages of " + subject + " up to id " + upToId)
        + " for good; "
        + SubjectReport.contents(description);
  }
}
