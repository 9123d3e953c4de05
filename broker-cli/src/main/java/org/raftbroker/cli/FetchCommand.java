package org.raftbroker.cli;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.MessageResponse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Reads one message. */
@Command(name = "fetch", description = "Prints one message by its id.")
final class FetchCommand implements Callable<Integer> {
  @ParentCommand Brokerctl parent;

  @Parameters(index = "0", paramLabel = "SUBJECT", description = "Where it was published.")
  String subject;

  @Parameters(index = "1", paramLabel = "ID", description = "Its id, at least 1.")
  long id;

  @Option(names = "--raw", description = "Write the body's bytes only, without a line end.")
  boolean raw;

  @Override
  public Integer call() throws InterruptedException {
    try (Servers servers = parent.servers()) {
      FetchRequest request = FetchRequest.newBuilder().setSubject(subject).setId(id).build();
      MessageResponse message =
          servers.call(
              Retry.ONCE_EACH,
              attempt ->
                  BrokerGrpc.newBlockingStub(attempt.channel())
                      .withDeadlineAfter(attempt.timeoutNanos(), TimeUnit.NANOSECONDS)
                      .fetch(request));
      new MessagePrinter(parent.terminal, parent.output, raw, false).print(message);
      return ExitCode.OK;
    }
  }
}
