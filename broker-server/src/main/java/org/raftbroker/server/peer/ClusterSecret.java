package org.raftbroker.server.peer;

import io.grpc.Metadata;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** What nodes of one cluster know and others do not; each call between nodes carries it. */
public final class ClusterSecret {
  public static final Metadata.Key<String> KEY =
      Metadata.Key.of("raftbroker-cluster", Metadata.ASCII_STRING_MARSHALLER);

  private static final int MAX_LENGTH = 256;

  private final String value;

  /**
   * A secret as the configuration has it.
   *
   * @throws IllegalArgumentException if a header cannot carry {@code value}
   */
  public ClusterSecret(String value) {
    boolean fits =
        !value.isEmpty()
            && value.length() <= MAX_LENGTH
            && value.chars().allMatch(c -> c > ' ' && c < 0x7f);
    if (!fits) {
      throw new IllegalArgumentException(
          "the cluster's secret must be 1 to "
              + MAX_LENGTH
              + " visible ASCII characters without spaces");
    }
    this.value = value;
  }

  /** In a time that does not tell how much of {@code shown} was right. */
  public boolean matches(String shown) {
    return MessageDigest.isEqual(
        value.getBytes(StandardCharsets.US_ASCII), shown.getBytes(StandardCharsets.UTF_8));
  }

  /** The metadata of a call to a peer; not shared, because gRPC writes to it. */
  Metadata metadata() {
    Metadata metadata = new Metadata();
    metadata.put(KEY, value);
    return metadata;
  }
}
