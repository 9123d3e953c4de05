package org.raftbroker.server.metrics;

import java.util.List;

/**
 * What this node has done since it started: counters, of which two tell a rate. For people;
 * Prometheus has all of it and more.
 *
 * @param atMillis when it was counted, milliseconds since the Unix epoch
 * @param published messages that were acknowledged
 * @param publishedBytes of their bodies
 * @param delivered messages that were handed to subscriptions
 * @param fetched messages that were fetched by id
 * @param errors calls, or messages of a batch or stream, that were answered with an error
 * @param publishes how long publishes took
 * @param fetches how long fetches took
 */
public record Activity(
    long atMillis,
    long published,
    long publishedBytes,
    long delivered,
    long deliveredBytes,
    long fetched,
    long errors,
    Durations publishes,
    Durations fetches) {

  /**
   * A histogram.
   *
   * @param count of all
   * @param buckets how many were not longer than each bound, the bounds rising
   */
  public record Durations(long count, List<Bucket> buckets) {
    public Durations {
      buckets = List.copyOf(buckets);
    }
  }

  /** So many took at most so many seconds. */
  public record Bucket(double seconds, long count) {}
}
