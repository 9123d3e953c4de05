package org.raftbroker.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Reserves ids. */
@Command(
    name = "incidx",
    description = "Reserves the next ids of a subject and prints the last of them.")
final class IncIdxCommand implements Callable<Integer> {
  @ParentCommand Brokerctl parent;

  @Parameters(paramLabel = "SUBJECT", description = "Whose ids to reserve.")
  String subject;

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "1",
      description = "How many, 1 to 1,000,000. Default: 1.")
  int count;

  @Override
  public Integer call() throws InterruptedException {
    if (count < 1) {
      throw Failure.usage("--count " + count + ", at least 1 is needed");
    }
    try (Servers servers = parent.servers()) {
      long last = Servers.answer(servers.client().reserve(subject, count));
      parent.terminal.line(
          parent.json()
              ? Json.line(
                  json ->
                      json.beginObject()
                          .name("subject")
                          .value(subject)
                          .name("firstId")
                          .value(last - count + 1)
                          .name("newIdx")
                          .value(last)
                          .endObject())
              : Long.toString(last));
      return ExitCode.OK;
    }
  }
}
