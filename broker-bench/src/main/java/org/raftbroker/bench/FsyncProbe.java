package org.raftbroker.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * How long this machine takes to make 4 KiB durable. A rate of publishes says little without it:
 * disks differ thirtyfold.
 */
final class FsyncProbe {
  private static final int BLOCK_BYTES = 4096;
  private static final int ROUNDS = 300;

  private FsyncProbe() {}

  /** The median of appending a block and fdatasync, in milliseconds. */
  static double medianMillis(Path dir) {
    try {
      Path file = Files.createTempFile(dir, "raftbroker-fsync", ".probe");
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        return median(channel);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new BenchException("cannot time fsync in " + dir + ": " + e + " (--probe-dir)", e);
    }
  }

  private static double median(FileChannel channel) throws IOException {
    ByteBuffer block = ByteBuffer.wrap(Frames.noise(BLOCK_BYTES));
    long[] nanos = new long[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      long start = System.nanoTime();
      block.rewind();
      while (block.hasRemaining()) {
        channel.write(block);
      }
      channel.force(false);
      nanos[i] = System.nanoTime() - start;
    }
    Arrays.sort(nanos);
    return nanos[ROUNDS / 2] / (double) TimeUnit.MILLISECONDS.toNanos(1);
  }
}
