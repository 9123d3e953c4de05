package org.raftbroker.raft.ratis;

import java.io.IOException;
import java.io.Writer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Properties;

/** Makes a change of the file system survive a power cut. */
final class Durable {
  private Durable() {}

  /** Puts a file of properties in the place of what was there, whole or not at all. */
  static void write(Path file, Properties properties, String comment) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory == null) {
      throw new IOException(file + " has no directory");
    }
    Files.createDirectories(directory);
    Path unfinished = directory.resolve(file.getFileName() + ".tmp");
    try (Writer out = Files.newBufferedWriter(unfinished)) {
      properties.store(out, comment);
    }
    sync(unfinished);
    Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    sync(directory);
  }

  /** Fsyncs a file, or a directory: then what was created, renamed or removed in it lasts. */
  static void sync(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
