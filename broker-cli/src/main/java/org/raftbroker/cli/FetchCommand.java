package org.raftbroker.cli;

import java.util.concurrent.Callable;
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
      MessageResponse message = Servers.answer(servers.client().fetch(subject, id));
      new MessagePrinter(parent.terminal, parent.output, raw, false).print(message);
      return ExitCode.OK;
    }
  }
}
