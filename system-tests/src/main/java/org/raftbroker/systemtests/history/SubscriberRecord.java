package org.raftbroker.systemtests.history;

import java.util.ArrayList;
import java.util.List;

/**
 * What one subscriber was given over its life, resumed or not. Written by one thread at a time; the
 * accessors may be called from any.
 */
public final class SubscriberRecord {
  /** Where the subscriber asked to begin. */
  public sealed interface Begin {
    /** With the first message after the subscription is in place. */
    record New() implements Begin {}

    /** With the first message at or after an id; 1 is the earliest, as nothing here expires. */
    record FromId(long id) implements Begin {}
  }

  private final String name;
  private final String subject;
  private final Begin begin;
  private final List<Received> deliveries = new ArrayList<>();
  private long askedAtNanos;
  private long inPlaceAtNanos = Long.MAX_VALUE;
  private boolean owedAll;

  SubscriberRecord(String name, String subject, Begin begin) {
    this.name = name;
    this.subject = subject;
    this.begin = begin;
  }

  /**
   * The Subscribe is about to be called. Called again by a subscriber that begins anew because it
   * lost its stream before it was given anything.
   */
  public synchronized void asked(long atNanos) {
    if (deliveries.isEmpty()) {
      askedAtNanos = atNanos;
      inPlaceAtNanos = Long.MAX_VALUE;
    }
  }

  /** The response headers have arrived: from here on every message is owed. */
  public synchronized void inPlace(long atNanos) {
    inPlaceAtNanos = Math.min(inPlaceAtNanos, atNanos);
  }

  public synchronized void delivered(Received message) {
    deliveries.add(message);
  }

  /**
   * The subscriber was still listening when the last message of its subject was published, and had
   * time to get it: from now on a missing end counts as a gap.
   */
  public synchronized void owedAll() {
    owedAll = true;
  }

  /** The id to resume from; 0 if nothing was delivered yet. */
  public synchronized long nextId() {
    return deliveries.isEmpty() ? 0 : deliveries.get(deliveries.size() - 1).id() + 1;
  }

  public synchronized int size() {
    return deliveries.size();
  }

  public Begin begin() {
    return begin;
  }

  public String name() {
    return name;
  }

  public String subject() {
    return subject;
  }

  synchronized List<Received> deliveries() {
    return List.copyOf(deliveries);
  }

  synchronized long askedAtNanos() {
    return askedAtNanos;
  }

  synchronized long inPlaceAtNanos() {
    return inPlaceAtNanos;
  }

  synchronized boolean isOwedAll() {
    return owedAll;
  }
}
