package org.raftbroker.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Where a command reads and writes. Output is buffered: whoever writes flushes when there is
 * nothing more to write at once.
 */
record Terminal(InputStream in, PrintStream out, PrintStream err) {
  private static final int OUTPUT_BUFFER_BYTES = 64 * 1024;

  static Terminal ofProcess() {
    return new Terminal(
        new FileInputStream(FileDescriptor.in),
        new PrintStream(
            new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), OUTPUT_BUFFER_BYTES),
            false,
            StandardCharsets.UTF_8),
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
  }

  void bytes(byte[] bytes) {
    out.write(bytes, 0, bytes.length);
  }

  void line(String line) {
    // Not println: the line end of the output is the same on every platform.
    out.print(line);
    out.write('\n');
  }

  /** For people, beside the output. */
  void note(String line) {
    err.print(line + "\n");
    err.flush();
  }

  /** Returns false once nobody reads the output any more, as after {@code | head}. */
  boolean flush() {
    return !out.checkError();
  }
}
