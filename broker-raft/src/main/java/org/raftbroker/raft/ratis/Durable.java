package org.raftbroker.raft.ratis;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Makes a change of the file system survive a power cut. */
final class Durable {
  private Durable() {}

  /** Fsyncs a file, or a directory: then what was created, renamed or removed in it lasts. */
  static void sync(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
