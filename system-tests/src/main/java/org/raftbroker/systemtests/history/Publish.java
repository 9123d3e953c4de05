package org.raftbroker.systemtests.history;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * One message that a client wants on a subject, with every attempt to get it there. Its body is its
 * identity.
 */
public final class Publish {
  private final String subject;
  private final ByteString body;
  private final @Nullable String key;
  // Nearly always one element; copied on write so that the checker may read at any time.
  private final List<Attempt> attempts = new CopyOnWriteArrayList<>();

  Publish(String subject, ByteString body, @Nullable String key) {
    this.subject = subject;
    this.body = body;
    this.key = key;
  }

  public Attempt attempt(long atNanos) {
    return attempt(null, atNanos);
  }

  /**
   * Begins an attempt.
   *
   * @param stream the stream that carries it; ids rise in the order in which attempts of one stream
   *     were begun
   */
  public Attempt attempt(@Nullable String stream, long atNanos) {
    Attempt attempt = new Attempt(stream, atNanos);
    attempts.add(attempt);
    return attempt;
  }

  public String subject() {
    return subject;
  }

  public ByteString body() {
    return body;
  }

  /** The idempotency key; null: a repeat makes a second message. */
  public @Nullable String key() {
    return key;
  }

  List<Attempt> attempts() {
    return attempts;
  }

  /** From the first attempt to the first acknowledgement; empty if there was none. */
  Optional<Duration> sinceFirstAttempt() {
    return attempts.stream()
        .filter(Attempt::isAcknowledged)
        .map(a -> Duration.ofNanos(a.endedAtNanos() - firstInvokedAtNanos()))
        .findFirst();
  }

  long firstInvokedAtNanos() {
    return attempts.isEmpty() ? Long.MAX_VALUE : attempts.get(0).invokedAtNanos();
  }

  @Override
  public String toString() {
    return Bodies.shown(body);
  }
}
