package org.raftbroker.systemtests.history;

import org.jspecify.annotations.Nullable;

/**
 * One call that asked for a publish or a reservation. Written by the thread that made the call,
 * once; read by the checker after that.
 */
public final class Attempt {
  private static final Outcome OPEN = new Outcome.Open();

  private final @Nullable String stream;
  private final long invokedAtNanos;
  private volatile String node = "some node";
  private volatile Outcome outcome = OPEN;
  private volatile long endedAtNanos = Long.MAX_VALUE;

  /**
   * @param stream the name of the stream that carried it; null for a unary call
   */
  Attempt(@Nullable String stream, long invokedAtNanos) {
    this.stream = stream;
    this.invokedAtNanos = invokedAtNanos;
  }

  /** Says which node was asked; for people who read of it. */
  public Attempt at(String name) {
    node = name;
    return this;
  }

  public void acknowledged(long id, long atNanos) {
    end(new Outcome.Acknowledged(id), atNanos);
  }

  public void refused(String status, long atNanos) {
    end(new Outcome.Refused(status), atNanos);
  }

  public void unknown(String status, long atNanos) {
    end(new Outcome.Unknown(status), atNanos);
  }

  private void end(Outcome result, long atNanos) {
    if (outcome != OPEN) {
      throw new IllegalStateException(
          "an attempt that ended as " + outcome + " cannot end as " + result);
    }
    endedAtNanos = atNanos;
    outcome = result;
  }

  Outcome outcome() {
    return outcome;
  }

  boolean isOpen() {
    return outcome == OPEN;
  }

  /** The acknowledged id; 0 if it was not acknowledged. */
  long acknowledgedId() {
    return outcome instanceof Outcome.Acknowledged acknowledged ? acknowledged.id() : 0;
  }

  boolean isAcknowledged() {
    return outcome instanceof Outcome.Acknowledged;
  }

  /** Whether it may have happened without the client knowing. */
  boolean isUncertain() {
    return outcome instanceof Outcome.Open || outcome instanceof Outcome.Unknown;
  }

  long invokedAtNanos() {
    return invokedAtNanos;
  }

  /** {@link Long#MAX_VALUE} while open. */
  long endedAtNanos() {
    return endedAtNanos;
  }

  @Nullable String stream() {
    return stream;
  }

  @Override
  public String toString() {
    String took = isOpen() ? "" : " for " + (endedAtNanos - invokedAtNanos) / 1_000_000 + " ms";
    return node + (stream == null ? "" : " (" + stream + ")") + took + ": " + outcome;
  }
}
