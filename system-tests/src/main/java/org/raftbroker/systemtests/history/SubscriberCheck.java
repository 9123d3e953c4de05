package org.raftbroker.systemtests.history;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.raftbroker.systemtests.history.SubscriberRecord.Begin;

/** Each stream against what the nodes hold: from its beginning on, all, in order, once. */
final class SubscriberCheck {
  private final SubjectHistory history;
  private final NodeLog log;
  private final Findings findings;

  private SubscriberCheck(SubjectHistory history, Findings findings) {
    this.history = history;
    this.log = history.anyLog();
    this.findings = findings;
  }

  static void check(SubjectHistory history, Findings findings) {
    SubscriberCheck check = new SubscriberCheck(history, findings);
    history.subscribers().forEach(check::check);
  }

  private void check(SubscriberRecord subscriber) {
    List<Received> deliveries = subscriber.deliveries();
    checkContent(subscriber, deliveries);
    checkOrder(subscriber, deliveries);
    checkBegin(subscriber, deliveries);
    long lastDelivered = deliveries.stream().mapToLong(Received::id).max().orElse(0);
    boolean owesAny = owedFrom(subscriber) <= log.lastId();
    if (subscriber.isOwedAll() && owesAny && lastDelivered < log.lastId()) {
      add(
          Finding.Kind.STREAM_GAP,
          subscriber,
          "end",
          "was given nothing after id " + lastDelivered + ", though the last is " + log.lastId());
    }
  }

  private void checkContent(SubscriberRecord subscriber, List<Received> deliveries) {
    for (Received message : deliveries) {
      Received held = log.byId(message.id());
      if (held == null) {
        findings.add(
            Finding.Kind.LOST,
            history.subject(),
            message.id(),
            subscriber.name() + " was given " + message + ", which " + log.node() + " lacks");
      } else if (!held.sameAs(message)) {
        findings.add(
            Finding.Kind.ALTERED,
            history.subject(),
            subscriber.name() + message.id(),
            subscriber.name() + " was given " + message + ", " + log.node() + " has " + held);
      }
    }
  }

  private void checkOrder(SubscriberRecord subscriber, List<Received> deliveries) {
    Set<Long> seen = new HashSet<>();
    long last = 0;
    for (Received message : deliveries) {
      long id = message.id();
      if (!seen.add(id)) {
        add(Finding.Kind.STREAM_DUPLICATE, subscriber, id, "was given id " + id + " twice");
      } else if (id < last) {
        add(Finding.Kind.STREAM_REORDERED, subscriber, id, "was given " + id + " after " + last);
      } else if (last != 0) {
        Received expected = log.firstAtOrAfter(last + 1);
        if (expected != null && expected.id() < id) {
          add(
              Finding.Kind.STREAM_GAP,
              subscriber,
              id,
              "was given id " + id + " after " + last + ", without " + expected.id());
        }
      }
      last = Math.max(last, id);
    }
  }

  private void checkBegin(SubscriberRecord subscriber, List<Received> deliveries) {
    if (deliveries.isEmpty()) {
      return;
    }
    long first = deliveries.get(0).id();
    long owed = owedFrom(subscriber);
    if (first > owed) {
      Received expected = log.firstAtOrAfter(owed);
      if (expected != null && expected.id() < first) {
        add(
            Finding.Kind.STREAM_GAP,
            subscriber,
            "begin",
            "began with id " + first + ", without " + expected.id());
      }
    }
    long asked = askedFrom(subscriber);
    if (first < asked) {
      add(
          Finding.Kind.STREAM_UNASKED,
          subscriber,
          "begin",
          "began with id " + first + ", but asked from " + asked + " on");
    }
  }

  /** The lowest id that the subscriber must be given; past the end if there is none. */
  private long owedFrom(SubscriberRecord subscriber) {
    if (subscriber.begin() instanceof Begin.FromId from) {
      return from.id();
    }
    return history.publishes().stream()
        .filter(p -> p.firstInvokedAtNanos() > subscriber.inPlaceAtNanos())
        .flatMap(p -> log.idsOf(p.body()).stream())
        .mapToLong(Long::longValue)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  /** The lowest id that the subscriber may be given. */
  private long askedFrom(SubscriberRecord subscriber) {
    if (subscriber.begin() instanceof Begin.FromId from) {
      return from.id();
    }
    return history.publishes().stream()
            .flatMap(p -> p.attempts().stream())
            .filter(a -> a.isAcknowledged() && a.endedAtNanos() < subscriber.askedAtNanos())
            .mapToLong(Attempt::acknowledgedId)
            .max()
            .orElse(0)
        + 1;
  }

  private void add(Finding.Kind kind, SubscriberRecord subscriber, Object about, String what) {
    findings.add(
        kind, history.subject(), subscriber.name() + about, subscriber.name() + " " + what);
  }
}
