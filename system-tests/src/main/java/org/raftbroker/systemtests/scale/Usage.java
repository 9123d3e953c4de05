package org.raftbroker.systemtests.scale;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.raftbroker.systemtests.cluster.BrokerProcess;

/**
 * What a node takes of the machine.
 *
 * @param liveHeapBytes what the heap holds right after a collection
 * @param cpu since its start
 */
public record Usage(long residentBytes, long liveHeapBytes, long threads, Duration cpu) {
  private static final Pattern USED =
      Pattern.compile("(?:tenured generation|def new generation) .*?used (\\d+)K");

  /**
   * Measures; makes the node collect its garbage before.
   *
   * @throws IllegalStateException if that needs tools that are not there
   */
  public static Usage of(BrokerProcess node) {
    long liveHeapBytes = liveHeapBytes(node.pid());
    return new Usage(node.residentBytes(), liveHeapBytes, threads(node.pid()), cpu(node));
  }

  /** Without disturbing it. */
  public static Duration cpu(BrokerProcess node) {
    return ProcessHandle.of(node.pid())
        .flatMap(process -> process.info().totalCpuDuration())
        .orElseThrow(() -> new IllegalStateException("no processor time of " + node.id()));
  }

  private static long threads(long pid) {
    try (Stream<Path> tasks = Files.list(Path.of("/proc/" + pid + "/task"))) {
      return tasks.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long liveHeapBytes(long pid) {
    String unused = jcmd(pid, "GC.run");
    Matcher used = USED.matcher(jcmd(pid, "GC.heap_info"));
    long kib = 0;
    while (used.find()) {
      kib += Long.parseLong(used.group(1));
    }
    return kib << 10;
  }

  private static String jcmd(long pid, String command) {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    try {
      Process process =
          new ProcessBuilder(jcmd.toString(), Long.toString(pid), command)
              .redirectErrorStream(true)
              .start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IllegalStateException("jcmd " + pid + " " + command + " said: " + said);
      }
      return said;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run " + jcmd + "; use the java of a JDK", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
