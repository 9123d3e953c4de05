package org.raftbroker.systemtests.history;

import com.google.protobuf.ByteString;

/**
 * A message as a node gave it to a client.
 *
 * @param atNanos when the client had it
 */
public record Received(
    long id, ByteString body, long publishedAtMillis, long previousId, int checksum, long atNanos) {

  /** Whether two nodes, or two reads, gave the same message. */
  boolean sameAs(Received other) {
    return id == other.id
        && publishedAtMillis == other.publishedAtMillis
        && previousId == other.previousId
        && checksum == other.checksum
        && body.equals(other.body);
  }

  @Override
  public String toString() {
    return String.format(
        "id %d %s (previous %d, published at %d, checksum %08x)",
        id, Bodies.shown(body), previousId, publishedAtMillis, checksum);
  }
}
