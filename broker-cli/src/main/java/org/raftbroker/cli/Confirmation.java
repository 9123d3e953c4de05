package org.raftbroker.cli;

import java.io.IOException;
import picocli.CommandLine.Option;

/** The consent to what cannot be undone: a person types the name of it, a script says --yes. */
final class Confirmation {
  @Option(
      names = "--yes",
      description = "Do not ask. Needed where nobody can be asked, as in a script.")
  boolean yes;

  /**
   * Whether to {@link #ask} first.
   *
   * @throws Failure if it has to be asked and nobody is there
   */
  boolean needed(Terminal terminal) {
    if (!yes && !terminal.interactive()) {
      throw Failure.usage(
          "this cannot be undone, and there is no terminal to ask for a confirmation; add --yes to"
              + " do it without");
    }
    return !yes;
  }

  /**
   * Shows what will be gone and waits for its name.
   *
   * @param kind what it is, such as {@code subject}
   * @throws Failure if something else is typed
   */
  void ask(Terminal terminal, String kind, String name, String warning) throws IOException {
    terminal.note(warning);
    if (!name.equals(terminal.ask("type the " + kind + "'s name to confirm: "))) {
      throw Failure.usage("that is not the name \"" + name + "\"; nothing was removed");
    }
  }
}
