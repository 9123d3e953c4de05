package org.raftbroker.raft.ratis;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * A mark on disk that a replica was found damaged, and how far its way back has come. As long as it
 * is there the replica must not take part as it was: a voter that has forgotten what it
 * acknowledged would let the others lose it.
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
   */
  record Mark(Step step, String why) {}

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
          Step.valueOf(properties.getProperty("step", "")), properties.getProperty("why", ""));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " cannot be understood; it must have a step and a why", e);
    }
  }

  void set(Mark mark) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory == null) {
      throw new IOException(file + " has no directory");
    }
    Files.createDirectories(directory);
    Properties properties = new Properties();
    properties.setProperty("step", mark.step.name());
    properties.setProperty("why", mark.why);
    Path unfinished = directory.resolve(file.getFileName() + ".tmp");
    try (Writer out = Files.newBufferedWriter(unfinished)) {
      properties.store(
          out, "This replica was found damaged. The node rebuilds it from the others.");
    }
    Durable.sync(unfinished);
    Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    Durable.sync(directory);
  }

  void lift() throws IOException {
    Files.deleteIfExists(file);
  }

  /** Where the damaged files are kept. */
  Path keptFiles() {
    return file.resolveSibling(file.getFileName() + ".files-" + System.currentTimeMillis());
  }
}
