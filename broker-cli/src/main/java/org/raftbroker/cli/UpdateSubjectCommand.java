package org.raftbroker.cli;

import java.util.concurrent.Callable;
import org.raftbroker.client.Repeatable;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.SubjectSettings;
import org.raftbroker.proto.admin.UpdateSubjectRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Changes settings. */
@Command(
    name = "update",
    description = {
      "Changes settings of a subject and prints its description.",
      "What is not given stays as it is; 0 takes a limit away."
    })
final class UpdateSubjectCommand implements Callable<Integer> {
  @ParentCommand SubjectsCommand subjects;

  @Parameters(paramLabel = "SUBJECT", description = "Whose settings to change.")
  String subject;

  @Mixin SubjectOptions options;

  @Override
  public Integer call() throws InterruptedException {
    SubjectSettings settings = options.settings();
    if (settings.equals(SubjectSettings.getDefaultInstance())) {
      throw Failure.usage("nothing to change; give at least one setting, such as --max-age 30d");
    }
    UpdateSubjectRequest request =
        UpdateSubjectRequest.newBuilder().setSubject(subject).setSettings(settings).build();
    try (Servers servers = subjects.parent.servers()) {
      subjects.print(
          Servers.answer(
              servers
                  .patient()
                  .call(AdminGrpc.getUpdateSubjectMethod(), request, Repeatable.ALWAYS)));
      return ExitCode.OK;
    }
  }
}
