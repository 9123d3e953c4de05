package org.raftbroker.cli;

import java.util.concurrent.Callable;
import org.raftbroker.client.Repeatable;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.CreateSubjectRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Makes a subject known. */
@Command(
    name = "create",
    description = {
      "Creates a subject with settings of its own and prints its description.",
      "What is not given is 0. A subject that is known already is refused; see 'subjects update'."
    })
final class CreateSubjectCommand implements Callable<Integer> {
  @ParentCommand SubjectsCommand subjects;

  @Parameters(paramLabel = "SUBJECT", description = "What to create.")
  String subject;

  @Mixin SubjectOptions options;

  @Override
  public Integer call() throws InterruptedException {
    CreateSubjectRequest request =
        CreateSubjectRequest.newBuilder()
            .setSubject(subject)
            .setSettings(options.settings())
            .build();
    try (Servers servers = subjects.parent.servers()) {
      // A repeat would be told that the subject exists, as if someone else had created it.
      subjects.print(
          Servers.answer(
              servers
                  .client()
                  .call(
                      AdminGrpc.getCreateSubjectMethod(),
                      request,
                      Repeatable.IF_IT_CANNOT_HAVE_HAPPENED)));
      return ExitCode.OK;
    }
  }
}
