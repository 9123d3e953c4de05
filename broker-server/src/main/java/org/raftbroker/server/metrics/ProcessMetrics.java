package org.raftbroker.server.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The JVM and the process: memory, garbage collection, threads, CPU, open files, uptime. */
final class ProcessMetrics implements AutoCloseable {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String RESIDENT = "VmRSS:";

  private final JvmGcMetrics gc = new JvmGcMetrics();

  ProcessMetrics(MeterRegistry registry) {
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    gc.bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    if (Files.isReadable(STATUS)) {
      // The heap is the smaller part of a node: the store's and the network's buffers are native.
      Gauge.builder("process.resident.memory", STATUS, ProcessMetrics::residentBytes)
          .baseUnit("bytes")
          .description("Memory of the process that is in RAM")
          .register(registry);
    }
  }

  private static double residentBytes(Path status) {
    try {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith(RESIDENT)) {
          return 1024.0
              * Long.parseLong(line.substring(RESIDENT.length()).replace("kB", "").trim());
        }
      }
      return Double.NaN;
    } catch (IOException e) {
      return Double.NaN; // Prometheus' "no value"; a scrape must not fail for it
    }
  }

  @Override
  public void close() {
    gc.close();
  }
}
