package org.raftbroker.systemtests.history;

/** One IncIdx call. A repeat after a failure is another reservation. */
public final class Reservation {
  private final String subject;
  private final int count;
  private final Attempt attempt;

  Reservation(String subject, int count, long invokedAtNanos) {
    this.subject = subject;
    this.count = count;
    this.attempt = new Attempt(null, invokedAtNanos);
  }

  public Attempt attempt() {
    return attempt;
  }

  String subject() {
    return subject;
  }

  int count() {
    return count;
  }

  long lastId() {
    return attempt.acknowledgedId();
  }

  long firstId() {
    return lastId() - count + 1;
  }
}
