package org.raftbroker.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Shows one subject. */
@Command(
    name = "describe",
    description = "Prints what is known of a subject: ids, messages, sizes and settings.")
final class DescribeSubjectCommand implements Callable<Integer> {
  @ParentCommand SubjectsCommand subjects;

  @Parameters(paramLabel = "SUBJECT", description = "What to describe.")
  String subject;

  @Override
  public Integer call() throws InterruptedException {
    try (Servers servers = subjects.parent.servers()) {
      subjects.print(SubjectsCommand.describe(servers, subject));
      return ExitCode.OK;
    }
  }
}
