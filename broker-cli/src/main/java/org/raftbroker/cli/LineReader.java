package org.raftbroker.cli;

import com.google.protobuf.ByteString;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** Reads lines as bytes: what is published is what was read, whatever its encoding. */
final class LineReader {
  /** Above the largest body that a node can be set to take; a longer line is not text. */
  static final int MAX_LINE_BYTES = 64 * 1024 * 1024;

  private static final int BUFFER_BYTES = 64 * 1024;

  private final BufferedInputStream in;

  LineReader(InputStream in) {
    this.in = new BufferedInputStream(in, BUFFER_BYTES);
  }

  /** The next line without its line feed, or null at the end. */
  @Nullable ByteString next() throws IOException {
    ByteString.Output line = ByteString.newOutput();
    int next = in.read();
    if (next < 0) {
      return null;
    }
    while (next >= 0 && next != '\n') {
      if (line.size() == MAX_LINE_BYTES) {
        throw Failure.usage("a line of standard input has more than " + MAX_LINE_BYTES + " bytes");
      }
      line.write(next);
      next = in.read();
    }
    return line.toByteString();
  }

  /** Whether more can be read without waiting. */
  boolean ready() throws IOException {
    return in.available() > 0;
  }
}
