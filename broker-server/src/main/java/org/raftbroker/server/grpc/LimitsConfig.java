package org.raftbroker.server.grpc;

import static org.raftbroker.config.ConfigSection.KIB;
import static org.raftbroker.config.ConfigSection.MIB;

import java.time.Duration;
import org.raftbroker.config.ConfigSection;

/**
 * What one client may ask of a node at most. YAML section {@code limits}.
 *
 * @param maxBodyBytes largest body of a message, and most bytes of bodies in one request frame; 1
 *     KiB to 8 MiB, default 4 MiB. A larger one is refused with BODY_TOO_LARGE
 * @param maxHeaderBytes most bytes of a message's header keys and values together; 0 to 64 KiB,
 *     default 16 KiB
 * @param maxBatchMessages most messages in one request frame; 1 to 100000, default 10000
 * @param idempotencyWindow how long an idempotency key is remembered; 1 s to 7 days, default 1 h.
 *     Keys are kept in the store, so a longer window costs disk
 * @param maxCallsPerConnection most calls under way on one connection; 1 to 1000000, default 5000.
 *     Told to clients, which then wait; one that does not has its call refused by the transport
 * @param maxStreamsPerConnection most subscriptions and publish streams on one connection; 1 to
 *     1000000, default 1000. A further one is refused with TOO_MANY_STREAMS instead of waiting
 *     silently, so this is best below {@code maxCallsPerConnection}
 * @param maxMetadataBytes most bytes of a call's metadata; 1 KiB to 1 MiB, default 8 KiB
 * @param maxUnansweredBytes a publish stream is not read further while this many bytes of its
 *     messages are unanswered; 64 KiB to 256 MiB, default 8 MiB
 * @param maxUnansweredMessages the same in messages; 1 to 1000000, default 20000
 * @param maxUnsentBytes a subscription sends no more while this many bytes wait for its client's
 *     flow control; 4 KiB to 16 MiB, default 64 KiB. What a slow subscriber costs in memory
 * @param keepAliveTime a connection that has been silent for so long is pinged; 1 s to 1 h, default
 *     30 s
 * @param keepAliveTimeout a ping unanswered for so long ends the connection; 1 s to 10 m, default
 *     10 s
 * @param minClientPingInterval clients may ping this often, with or without calls; 1 s to 1 h,
 *     default 10 s. A client that keeps pinging faster is disconnected
 * @param handshakeTimeout how long a new connection has to become HTTP/2; 1 s to 5 m, default 10 s
 * @param maxConnectionAge a connection is asked to end at this age, so that clients spread over new
 *     nodes; 0 s (never, the default) or up to 30 days
 * @param maxConnectionAgeGrace how long the calls of such a connection may then take; 1 s to 1 day,
 *     default 1 m
 * @param maxResetsPerWindow most streams that one connection may reset within {@code resetWindow};
 *     10 to 10000000, default 10000. A client past it is disconnected (HTTP/2 rapid reset)
 * @param resetWindow 1 s to 10 m, in whole seconds, default 10 s
 * @param eventLoops threads for all gRPC traffic; 1 to 256, default one for each processor
 */
public record LimitsConfig(
    int maxBodyBytes,
    int maxHeaderBytes,
    int maxBatchMessages,
    Duration idempotencyWindow,
    int maxCallsPerConnection,
    int maxStreamsPerConnection,
    int maxMetadataBytes,
    int maxUnansweredBytes,
    int maxUnansweredMessages,
    int maxUnsentBytes,
    Duration keepAliveTime,
    Duration keepAliveTimeout,
    Duration minClientPingInterval,
    Duration handshakeTimeout,
    Duration maxConnectionAge,
    Duration maxConnectionAgeGrace,
    int maxResetsPerWindow,
    Duration resetWindow,
    int eventLoops) {

  public static final LimitsConfig DEFAULT =
      new LimitsConfig(
          4 * MIB,
          16 * KIB,
          10_000,
          Duration.ofHours(1),
          5_000,
          1_000,
          8 * KIB,
          8 * MIB,
          20_000,
          64 * KIB,
          Duration.ofSeconds(30),
          Duration.ofSeconds(10),
          Duration.ofSeconds(10),
          Duration.ofSeconds(10),
          Duration.ZERO,
          Duration.ofMinutes(1),
          10_000,
          Duration.ofSeconds(10),
          Math.min(256, Runtime.getRuntime().availableProcessors()));

  /**
   * Group commit gathers up to this many bytes and one message more; a peer forwards them in one
   * frame.
   */
  private static final int MAX_FORWARDED_BYTES = 8 * MIB;

  /** Subjects, keys and framing around the bodies of a frame. */
  private static final int FRAME_OVERHEAD_BYTES = MIB;

  /** Reads the section; problems are collected in {@code yaml}. */
  public static LimitsConfig read(ConfigSection yaml) {
    return new LimitsConfig(
        (int) yaml.bytes("maxBodyBytes", DEFAULT.maxBodyBytes, KIB, 8 * MIB),
        (int) yaml.bytes("maxHeaderBytes", DEFAULT.maxHeaderBytes, 0, 64 * KIB),
        yaml.count("maxBatchMessages", DEFAULT.maxBatchMessages, 1, 100_000),
        yaml.duration(
            "idempotencyWindow",
            DEFAULT.idempotencyWindow,
            Duration.ofSeconds(1),
            Duration.ofDays(7)),
        yaml.count("maxCallsPerConnection", DEFAULT.maxCallsPerConnection, 1, 1_000_000),
        yaml.count("maxStreamsPerConnection", DEFAULT.maxStreamsPerConnection, 1, 1_000_000),
        (int) yaml.bytes("maxMetadataBytes", DEFAULT.maxMetadataBytes, KIB, MIB),
        (int) yaml.bytes("maxUnansweredBytes", DEFAULT.maxUnansweredBytes, 64 * KIB, 256 * MIB),
        yaml.count("maxUnansweredMessages", DEFAULT.maxUnansweredMessages, 1, 1_000_000),
        (int) yaml.bytes("maxUnsentBytes", DEFAULT.maxUnsentBytes, 4 * KIB, 16 * MIB),
        yaml.duration(
            "keepAliveTime", DEFAULT.keepAliveTime, Duration.ofSeconds(1), Duration.ofHours(1)),
        yaml.duration(
            "keepAliveTimeout",
            DEFAULT.keepAliveTimeout,
            Duration.ofSeconds(1),
            Duration.ofMinutes(10)),
        yaml.duration(
            "minClientPingInterval",
            DEFAULT.minClientPingInterval,
            Duration.ofSeconds(1),
            Duration.ofHours(1)),
        yaml.duration(
            "handshakeTimeout",
            DEFAULT.handshakeTimeout,
            Duration.ofSeconds(1),
            Duration.ofMinutes(5)),
        yaml.duration(
            "maxConnectionAge", DEFAULT.maxConnectionAge, Duration.ZERO, Duration.ofDays(30)),
        yaml.duration(
            "maxConnectionAgeGrace",
            DEFAULT.maxConnectionAgeGrace,
            Duration.ofSeconds(1),
            Duration.ofDays(1)),
        yaml.count("maxResetsPerWindow", DEFAULT.maxResetsPerWindow, 10, 10_000_000),
        yaml.duration(
            "resetWindow", DEFAULT.resetWindow, Duration.ofSeconds(1), Duration.ofMinutes(10)),
        yaml.count("eventLoops", DEFAULT.eventLoops, 1, 256));
  }

  /**
   * The largest request frame that a handler looks at: twice the bodies allowed, so that a frame
   * that is too large by an ordinary mistake gets an answer that names the limit.
   */
  int maxRequestBytes() {
    return 2 * maxBodyBytes + FRAME_OVERHEAD_BYTES;
  }

  /**
   * The largest frame that the transport takes from anyone, peers included. Beyond it gRPC answers
   * by itself, and on an open stream with a bare CANCELLED: so this is above our own limits.
   */
  public int maxTransportBytes() {
    return Math.max(
        maxRequestBytes(), MAX_FORWARDED_BYTES + maxBodyBytes + 2 * FRAME_OVERHEAD_BYTES);
  }
}
