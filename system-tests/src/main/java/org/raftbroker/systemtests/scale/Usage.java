package org.raftbroker.systemtests.scale;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.raftbroker.systemtests.cluster.BrokerProcess;

/**
 * What a node takes of the machine.
 *
 * @param liveHeapBytes what the heap holds right after a collection
 */
public record Usage(long residentBytes, long liveHeapBytes, long threads) {
  // One line for each generation; other collectors have one for the whole heap.
  private static final Pattern USED = Pattern.compile("total \\d+K, used (\\d+)K");

  /**
   * Measures; makes the node collect its garbage before.
   *
   * @throws IllegalStateException if that needs tools that are not there
   */
  public static Usage of(BrokerProcess node) {
    long liveHeapBytes = liveHeapBytes(node.pid());
    return new Usage(node.residentBytes(), liveHeapBytes, threads(node.pid()));
  }

  /** Processor time since its start; without disturbing it. */
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
    String info = jcmd(pid, "GC.heap_info");
    long kib = USED.matcher(info).results().mapToLong(m -> Long.parseLong(m.group(1))).sum();
    if (kib == 0) {
      throw new IllegalStateException("jcmd does not say how full the heap is: " + info);
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
