package org.raftbroker.cli;

import com.google.protobuf.ByteString;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Where a command reads and writes. Output is buffered: whoever writes flushes when there is
 * nothing more to write at once.
 *
 * @param interactive whether a person is there, who sees the output and can be asked
 */
record Terminal(InputStream in, PrintStream out, PrintStream err, boolean interactive) {
  private static final int OUTPUT_BUFFER_BYTES = 64 * 1024;

  // Null where there is no terminal, in Java 22 and newer, too, as bin/brokerctl chooses the
  // console.
  @SuppressWarnings("SystemConsoleNull")
  static Terminal ofProcess() {
    return new Terminal(
        new FileInputStream(FileDescriptor.in),
        new PrintStream(
            new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), OUTPUT_BUFFER_BYTES),
            false,
            StandardCharsets.UTF_8),
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
        System.console() != null);
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

  /** Returns the line that the person types, or null if the input ends instead. */
  @Nullable String ask(String question) throws IOException {
    err.print(question);
    err.flush();
    ByteString typed = new LineReader(in).next();
    if (typed == null) {
      note("");
      return null;
    }
    return typed.toStringUtf8().strip();
  }

  /** Returns false once nobody reads the output any more, as after {@code | head}. */
  boolean flush() {
    return !out.checkError();
  }
}
