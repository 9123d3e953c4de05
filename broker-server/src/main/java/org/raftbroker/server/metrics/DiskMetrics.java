package org.raftbroker.server.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.ToDoubleFunction;

/**
 * The disk that a node keeps its data on: a full one stops its replicas, and what a store takes
 * says nothing of how much there is left. Asks the operating system at each scrape.
 */
final class DiskMetrics {
  private DiskMetrics() {}

  static void register(MeterRegistry registry, Path dataDir) {
    gauge(
        registry,
        dataDir,
        "broker.disk.free",
        "Bytes that this node may still write to the disk of node.dataDir",
        disk -> bytes(disk, FileStore::getUsableSpace));
    gauge(
        registry,
        dataDir,
        "broker.disk.total",
        "Size of the disk of node.dataDir",
        disk -> bytes(disk, FileStore::getTotalSpace));
  }

  private static void gauge(
      MeterRegistry registry,
      Path dataDir,
      String name,
      String description,
      ToDoubleFunction<Path> value) {
    Gauge.builder(name, dataDir, value)
        .baseUnit("bytes")
        .description(description)
        .strongReference(true)
        .register(registry);
  }

  @FunctionalInterface
  private interface Space {
    long of(FileStore disk) throws IOException;
  }

  private static double bytes(Path dataDir, Space space) {
    try {
      return (double) space.of(Files.getFileStore(dataDir));
    } catch (IOException e) {
      return Double.NaN; // not 0, which would call for somebody to make room
    }
  }
}
