package org.raftbroker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.List;

/** One run of brokerctl: its exit code and what it wrote. */
record Ctl(int exitCode, ByteString outBytes, String err) {
  static Ctl run(String... args) {
    return run(new ByteArrayInputStream(new byte[0]), args);
  }

  static Ctl withInput(String input, String... args) {
    return run(new ByteArrayInputStream(input.getBytes(UTF_8)), args);
  }

  static Ctl run(InputStream in, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode = run(in, out, err, args);
    return new Ctl(exitCode, ByteString.copyFrom(out.toByteArray()), err.toString(UTF_8));
  }

  static int run(
      InputStream in, ByteArrayOutputStream out, ByteArrayOutputStream err, String... args) {
    Terminal terminal =
        new Terminal(in, new PrintStream(out, false, UTF_8), new PrintStream(err, true, UTF_8));
    return Brokerctl.run(terminal, args);
  }

  String out() {
    return outBytes.toStringUtf8();
  }

  List<String> lines() {
    return out().lines().toList();
  }
}
