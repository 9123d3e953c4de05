package org.raftbroker.message;

import com.google.protobuf.ByteString;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A message that has no id yet.
 *
 * @param expirationSeconds from the leader's acceptance on; 0: never expires
 * @param headers delivered as they are
 * @param idempotency how a repeat is recognised; null: not at all
 */
public record NewMessage(
    Subject subject,
    ByteString body,
    int expirationSeconds,
    Map<String, String> headers,
    @Nullable Idempotency idempotency) {

  public NewMessage {
    headers = Map.copyOf(headers);
  }

  /** A char of a Java string takes at most this many bytes in UTF-8. */
  public static final int UTF8_BYTES_PER_CHAR = 3;

  /** At least the bytes that this message takes in the log; near enough to bound memory, too. */
  public int weight() {
    int chars = subject.name().length();
    for (Map.Entry<String, String> header : headers.entrySet()) {
      chars += header.getKey().length() + header.getValue().length() + 8;
    }
    if (idempotency != null) {
      chars += idempotency.key().length() + 8;
    }
    return body.size() + UTF8_BYTES_PER_CHAR * chars + 64;
  }

  /**
   * A publisher's own name for a publish.
   *
   * @param windowSeconds how long after the first publish a repeat is recognised
   */
  public record Idempotency(String key, int windowSeconds) {}
}
