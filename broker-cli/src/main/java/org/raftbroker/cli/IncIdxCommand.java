package org.raftbroker.cli;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.IncIdxRequest;
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
      IncIdxRequest request =
          IncIdxRequest.newBuilder().setSubject(subject).setCount(count).build();
      long last =
          servers.call(
              Retry.IF_UNSENT,
              attempt ->
                  BrokerGrpc.newBlockingStub(attempt.channel())
                      .withDeadlineAfter(attempt.timeoutNanos(), TimeUnit.NANOSECONDS)
                      .incIdx(request)
                      .getNewIdx());
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
