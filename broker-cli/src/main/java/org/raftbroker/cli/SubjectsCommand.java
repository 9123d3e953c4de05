package org.raftbroker.cli;

import org.raftbroker.client.Repeatable;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.DescribeSubjectRequest;
import org.raftbroker.proto.admin.SubjectDescription;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** What an operator can do with subjects. */
@Command(
    name = "subjects",
    description = {
      "Lists subjects, changes their settings, removes what is in them.",
      "A subject need not be created: whoever publishes on an unknown one creates it without"
          + " settings."
    },
    subcommands = {
      CreateSubjectCommand.class,
      ListSubjectsCommand.class,
      DescribeSubjectCommand.class,
      UpdateSubjectCommand.class,
      PurgeSubjectCommand.class,
      DeleteSubjectCommand.class
    })
final class SubjectsCommand {
  @ParentCommand Brokerctl parent;

  static SubjectDescription describe(Servers servers, String subject) throws InterruptedException {
    DescribeSubjectRequest request =
        DescribeSubjectRequest.newBuilder().setSubject(subject).build();
    return Servers.answer(
        servers.client().call(AdminGrpc.getDescribeSubjectMethod(), request, Repeatable.ALWAYS));
  }

  void print(SubjectDescription subject) {
    if (parent.json()) {
      parent.terminal.line(SubjectReport.json(subject));
    } else {
      SubjectReport.text(subject).forEach(parent.terminal::line);
    }
  }
}
