package org.raftbroker.client;

import java.time.Duration;

/**
 * What to subscribe to, and how.
 *
 * @param subject as the contract says
 * @param start where to start
 * @param progress whether {@link Subscription#next} also returns progress frames: that everything
 *     up to the head was delivered, at least every 10 s
 * @param resumeFor how long to look for a node after a break; zero: a break is the end
 * @param listener is told of breaks
 */
public record SubscriptionOptions(
    String subject,
    StartAt start,
    boolean progress,
    Duration resumeFor,
    SubscriptionListener listener) {
  private static final Duration RESUME_FOR = Duration.ofMinutes(5);

  /** New messages, without progress frames; a break may last five minutes. */
  public static SubscriptionOptions of(String subject) {
    return new SubscriptionOptions(
        subject, StartAt.newMessages(), false, RESUME_FOR, new SubscriptionListener() {});
  }

  /** The same, from elsewhere. */
  public SubscriptionOptions startingAt(StartAt other) {
    return new SubscriptionOptions(subject, other, progress, resumeFor, listener);
  }

  /** The same, with progress frames. */
  public SubscriptionOptions withProgress() {
    return new SubscriptionOptions(subject, start, true, resumeFor, listener);
  }

  /** The same, with another patience. */
  public SubscriptionOptions resumingFor(Duration other) {
    return new SubscriptionOptions(subject, start, progress, other, listener);
  }

  /** The same, told of breaks. */
  public SubscriptionOptions listenedToBy(SubscriptionListener other) {
    return new SubscriptionOptions(subject, start, progress, resumeFor, other);
  }
}
