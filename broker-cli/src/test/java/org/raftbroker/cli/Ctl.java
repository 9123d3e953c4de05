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
    return withInput("", args);
  }

  static Ctl withInput(String input, String... args) {
    return run(new ByteArrayInputStream(input.getBytes(UTF_8)), false, args);
  }

  /** As if a person were there, who types this. */
  static Ctl atTerminal(String typed, String... args) {
    return run(new ByteArrayInputStream(typed.getBytes(UTF_8)), true, args);
  }

  private static Ctl run(InputStream in, boolean interactive, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode = run(in, out, err, interactive, args);
    return new Ctl(exitCode, ByteString.copyFrom(out.toByteArray()), err.toString(UTF_8));
  }

  static int run(
      InputStream in,
      ByteArrayOutputStream out,
      ByteArrayOutputStream err,
      boolean interactive,
      String... args) {
    return Brokerctl.run(
        new Terminal(
            in, new PrintStream(out, false, UTF_8), new PrintStream(err, true, UTF_8), interactive),
        args);
  }

  String out() {
    return outBytes.toStringUtf8();
  }

  List<String> lines() {
    return out().lines().toList();
  }
}
