package org.raftbroker.localservers;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs programs that refuse to run as root. An ordinary user runs them as they are. For root there
 * are two ways:
 *
 * <ol>
 *   <li>{@code unshare -U}: a user namespace in which root is nobody. Files stay root's own, so the
 *       directory may be anywhere, below /root too. Not allowed everywhere: containers often refuse
 *       it.
 *   <li>{@code runuser -u nobody}: really another user, who must own the directory and be able to
 *       get there.
 * </ol>
 */
enum OrdinaryUser {
  SELF,
  NAMESPACE,
  NOBODY;

  private static final Duration LIMIT = Duration.ofSeconds(30);

  /**
   * The first way that works here.
   *
   * @throws IOException if none does
   */
  static OrdinaryUser find() throws IOException {
    if (!"root".equals(System.getProperty("user.name"))) {
      return SELF;
    }
    for (OrdinaryUser way : List.of(NAMESPACE, NOBODY)) {
      if (way.works()) {
        return way;
      }
    }
    throw new IOException(
        "PostgreSQL refuses to run as root, and neither \"unshare -U\" nor \"runuser -u nobody\""
            + " works here; start as an ordinary user, or install util-linux");
  }

  private boolean works() {
    try {
      return ShellCommand.run(command(List.of("true")), "", LIMIT).status() == 0;
    } catch (IOException e) {
      return false; // the program is missing: the next way may work
    }
  }

  List<String> command(List<String> command) {
    List<String> prefix =
        switch (this) {
          case SELF -> List.of();
          case NAMESPACE -> List.of("unshare", "-U", "--");
          case NOBODY -> List.of("runuser", "-u", "nobody", "--");
        };
    List<String> all = new ArrayList<>(prefix);
    all.addAll(command);
    return all;
  }

  /**
   * Makes a file, or a directory and all below it, this user's.
   *
   * @throws IOException if the user cannot get there
   */
  void own(Path path) throws IOException {
    if (this == SELF) {
      return;
    }
    String owner = this == NOBODY ? "nobody" : "root";
    ShellCommand.require(List.of("chown", "-R", owner, path.toString()), "", LIMIT);
    List<String> probe = command(List.of("test", "-w", path.toString()));
    if (ShellCommand.run(probe, "", LIMIT).status() != 0) {
      throw new IOException(
          "user "
              + owner
              + " cannot write to "
              + path
              + "; choose a directory whose parents everybody may enter, or start as an ordinary"
              + " user");
    }
  }
}
