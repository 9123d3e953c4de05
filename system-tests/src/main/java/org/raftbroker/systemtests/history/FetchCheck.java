package org.raftbroker.systemtests.history;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Each fetch saw all that was known to anyone before it began, as all nodes hold it. */
final class FetchCheck {
  private final SubjectHistory history;
  private final NodeLog log;
  private final Findings findings;
  private final NavigableMap<Long, Long> highestIdKnownAt;

  private FetchCheck(SubjectHistory history, Findings findings) {
    this.history = history;
    this.log = history.anyLog();
    this.findings = findings;
    this.highestIdKnownAt = highestIdKnownAt(history);
  }

  static void check(SubjectHistory history, Findings findings) {
    if (!history.fetches().isEmpty()) {
      FetchCheck check = new FetchCheck(history, findings);
      history.fetches().forEach(check::check);
    }
  }

  private void check(FetchCall fetch) {
    Received held = log.byId(fetch.id());
    if (fetch.answer() instanceof FetchCall.Found found) {
      if (held == null) {
        add(
            Finding.Kind.LOST,
            fetch.id(),
            fetch.node()
                + " once answered "
                + found.message()
                + ", which "
                + log.node()
                + " lacks");
      } else if (!held.sameAs(found.message())) {
        add(
            Finding.Kind.ALTERED,
            fetch,
            fetch.node() + " answered " + found.message() + ", " + log.node() + " has " + held);
      }
    } else if (fetch.answer() instanceof FetchCall.Absent absent) {
      boolean known = fetch.id() <= highestKnownBefore(fetch.invokedAtNanos());
      boolean wrong =
          switch (absent.reason()) {
            case "ID_NOT_PUBLISHED" -> known;
            case "ID_RESERVED" -> held != null;
            default -> true; // nothing in a history expires
          };
      if (wrong) {
        add(
            Finding.Kind.STALE_READ,
            fetch,
            "fetch of id "
                + fetch.id()
                + " at "
                + fetch.node()
                + " answered "
                + absent.reason()
                + ", though it was "
                + (known ? "known" : "not known")
                + " before and "
                + (held == null ? "has no message" : "is " + held));
      }
    } else if (fetch.answer() instanceof FetchCall.Failed failed) {
      findings.checkStatus(history.subject(), "fetch at " + fetch.node(), failed.status());
    }
  }

  private long highestKnownBefore(long atNanos) {
    Map.Entry<Long, Long> known = highestIdKnownAt.lowerEntry(atNanos);
    return known == null ? 0 : known.getValue();
  }

  /**
   * Ids are given in order, so that an id is known as soon as any higher one is: the highest id
   * that a client had seen, by the time at which it had.
   */
  private static NavigableMap<Long, Long> highestIdKnownAt(SubjectHistory history) {
    record Seen(long atNanos, long id) {}
    List<Seen> seen = new ArrayList<>();
    for (Publish publish : history.publishes()) {
      for (Attempt attempt : publish.attempts()) {
        if (attempt.isAcknowledged()) {
          seen.add(new Seen(attempt.endedAtNanos(), attempt.acknowledgedId()));
        }
      }
    }
    for (Reservation reservation : history.acknowledgedReservations()) {
      seen.add(new Seen(reservation.attempt().endedAtNanos(), reservation.lastId()));
    }
    for (SubscriberRecord subscriber : history.subscribers()) {
      subscriber.deliveries().forEach(m -> seen.add(new Seen(m.atNanos(), m.id())));
    }
    for (FetchCall fetch : history.fetches()) {
      if (fetch.answer() instanceof FetchCall.Found found) {
        seen.add(new Seen(found.message().atNanos(), found.message().id()));
      }
    }
    seen.sort(Comparator.comparingLong(Seen::atNanos));
    TreeMap<Long, Long> highest = new TreeMap<>();
    long highestSoFar = 0;
    for (Seen one : seen) {
      if (one.id() > highestSoFar) {
        highestSoFar = one.id();
        highest.put(one.atNanos(), highestSoFar);
      }
    }
    return highest;
  }

  private void add(Finding.Kind kind, Object about, String what) {
    findings.add(kind, history.subject(), about, what);
  }
}
