package org.raftbroker.raft.ratis;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * A mark on disk that a replica was found damaged, or is new here, and how far its way into its
 * group has come. As long as it is there the replica must not take part as it is: a voter that has
 * forgotten what it acknowledged would let the others lose it.
 */
final class Quarantine {
  /** Each step is done before its name is written. */
  enum Step {
    /** The files are as they were found; the others still count this replica as a voter. */
    FOUND,
    /** The others have agreed to go on without it. */
    LEFT,
    /** It starts again from nothing, and votes only once the leader has brought it up to date. */
    REJOINING
  }

  /**
   * What the mark says.
   *
   * @param why for people
   * @param isNew whether there was nothing here that could have been damaged
   */
  record Mark(Step step, String why, boolean isNew) {}

  private final Path file;

  Quarantine(Path file) {
    this.file = file;
  }

  /** Null if the replica is not quarantined. */
  @Nullable Mark mark() throws IOException {
    if (!Files.exists(file)) {
      return null;
    }
    Properties properties = new Properties();
    try (Reader in = Files.newBufferedReader(file)) {
      properties.load(in);
    }
    try {
      return new Mark(
          Step.valueOf(properties.getProperty("step", "")),
          properties.getProperty("why", ""),
          Boolean.parseBoolean(properties.getProperty("new", "false")));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " cannot be understood; it must have a step and a why", e);
    }
  }

  void set(Mark mark) throws IOException {
    Properties properties = new Properties();
    properties.setProperty("step", mark.step.name());
    properties.setProperty("why", mark.why);
    properties.setProperty("new", Boolean.toString(mark.isNew));
    Durable.write(file, properties, "How far this replica is on its way into its group.");
  }

  void lift() throws IOException {
    Files.deleteIfExists(file);
  }

  /** Where files are on their way out. */
  Path rubbish() {
    return file.resolveSibling(file.getFileName() + ".rubbish");
  }

  /** Where the damaged files are kept. */
  Path keptFiles() {
    return file.resolveSibling(file.getFileName() + ".files-" + System.currentTimeMillis());
  }
}
