package org.raftbroker.server.delivery;

import java.time.Duration;
import org.raftbroker.config.ConfigSection;

/**
 * What delivery may take of a node's memory and threads. YAML section {@code delivery}.
 *
 * @param tailBytes most bytes of newest messages that all subjects with subscriptions keep in
 *     memory together, so that subscriptions that keep up never read the store; 256 KiB to 16 GiB,
 *     default 32 MiB. The longest in memory go first
 * @param subjectTailBytes most of these for one subject; 64 KiB to 16 GiB, default 8 MiB. Keeps one
 *     busy subject from taking it all
 * @param readBytes most bytes that one read of the store brings for a subscription that is behind;
 *     4 KiB to 8 MiB, default 256 KiB. A single larger message is read all the same. Larger reads
 *     catch up faster; {@value StoreReads#RUNS_A_THREAD} times {@code readThreads} such runs are in
 *     memory at most, over all subscriptions
 * @param readThreads threads that read the store for subscriptions; 1 to 64, default 2
 * @param progressInterval longest time between two progress frames of a subscription that has been
 *     sent everything; 100 ms to 10 s, which is what the contract promises; default 10 s
 */
public record DeliveryConfig(
    long tailBytes,
    long subjectTailBytes,
    int readBytes,
    int readThreads,
    Duration progressInterval) {
  private static final long GIB = 1024L * ConfigSection.MIB;

  public static final DeliveryConfig DEFAULT =
      new DeliveryConfig(
          32L * ConfigSection.MIB,
          8L * ConfigSection.MIB,
          256 * ConfigSection.KIB,
          2,
          Duration.ofSeconds(10));

  /** Reads the section; problems are collected in {@code yaml}. */
  public static DeliveryConfig read(ConfigSection yaml) {
    return new DeliveryConfig(
        yaml.bytes("tailBytes", DEFAULT.tailBytes, 256 * ConfigSection.KIB, 16 * GIB),
        yaml.bytes("subjectTailBytes", DEFAULT.subjectTailBytes, 64 * ConfigSection.KIB, 16 * GIB),
        (int)
            yaml.bytes(
                "readBytes", DEFAULT.readBytes, 4 * ConfigSection.KIB, 8L * ConfigSection.MIB),
        yaml.count("readThreads", DEFAULT.readThreads, 1, 64),
        yaml.duration(
            "progressInterval",
            DEFAULT.progressInterval,
            Duration.ofMillis(100),
            Duration.ofSeconds(10)));
  }
}
