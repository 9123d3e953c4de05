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

  /** What this message costs in memory and in the log, near enough to bound both. */
  public int weight() {
    int weight = body.size() + 2 * subject.name().length() + 64;
    for (Map.Entry<String, String> header : headers.entrySet()) {
      weight += header.getKey().length() + header.getValue().length() + 16;
    }
    return weight;
  }

  /**
   * A publisher's own name for a publish.
   *
   * @param windowSeconds how long after the first publish a repeat is recognised
   */
  public record Idempotency(String key, int windowSeconds) {}
}
