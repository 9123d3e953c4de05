package org.raftbroker.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** Writes the shell completion. */
@Command(
    name = "completion",
    description = "Prints the completion script for bash and zsh: source <(brokerctl completion)")
final class CompletionCommand implements Callable<Integer> {
  @ParentCommand Brokerctl parent;

  @Override
  public Integer call() {
    parent.terminal.out().print(AutoComplete.bash("brokerctl", Brokerctl.commandLine(parent)));
    return ExitCode.OK;
  }
}
