package org.raftbroker.message;

import java.util.Map;

/**
 * A refusal that a client is told: the reason for programs, a message for people that names the
 * input, the limit and the way out, and metadata such as the first id behind {@link
 * Reason#KEY_REUSED}. Not for defects of our own.
 */
public final class BrokerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Reason reason;
  private final transient Map<String, String> metadata;

  public BrokerException(Reason reason, String message) {
    this(reason, message, Map.of());
  }

  /**
   * @param metadata shown to the client as {@code ErrorInfo.metadata}; keys in lowerCamelCase
   */
  public BrokerException(Reason reason, String message, Map<String, String> metadata) {
    // A refusal is an answer, not a fault: nobody reads its stack, and a flood of bad requests must
    // stay cheap.
    super(message, null, false, false);
    this.reason = reason;
    this.metadata = Map.copyOf(metadata);
  }

  public Reason reason() {
    return reason;
  }

  public Map<String, String> metadata() {
    return metadata;
  }
}
