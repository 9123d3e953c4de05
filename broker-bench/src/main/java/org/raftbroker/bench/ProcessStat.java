package org.raftbroker.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What Linux says about a process in {@code /proc}. */
final class ProcessStat {
  /** The unit of CPU times in /proc; USER_HZ is 100 on every architecture that Java runs on. */
  private static final double TICKS_PER_SECOND = 100;

  /** Places of utime and stime, counted behind the name, which may hold blanks. */
  private static final int UTIME = 11;

  private static final int STIME = 12;

  private ProcessStat() {}

  static long residentBytes(long pid) {
    for (String line : read(pid, "status").split("\n", -1)) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
      }
    }
    throw new BenchException("process " + pid + " has no resident memory (--pids)");
  }

  static double cpuSeconds(long pid) {
    String stat = read(pid, "stat");
    List<String> fields = List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1));
    return (Long.parseLong(fields.get(UTIME)) + Long.parseLong(fields.get(STIME)))
        / TICKS_PER_SECOND;
  }

  private static String read(long pid, String file) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(pid), file));
    } catch (IOException e) {
      throw new BenchException("cannot read /proc/" + pid + "/" + file + " (--pids)", e);
    }
  }
}
