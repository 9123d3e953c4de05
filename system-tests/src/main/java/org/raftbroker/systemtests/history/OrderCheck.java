package org.raftbroker.systemtests.history;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Ids follow time: what was acknowledged before something else was invoked has the lower id. And
 * they follow a publish stream: a later message of it has the higher id.
 */
final class OrderCheck {
  private OrderCheck() {}

  static void check(SubjectHistory history, Findings findings) {
    checkTime(history, findings);
    checkStreams(history, findings);
  }

  /** An id and the time between which and which it was given. */
  private record Given(long id, long notBeforeNanos, long notAfterNanos) {}

  private static void checkTime(SubjectHistory history, Findings findings) {
    List<Given> given = given(history);
    Given earliestAbove = null;
    for (int i = given.size() - 1; i >= 0; i--) {
      Given one = given.get(i);
      if (earliestAbove != null && earliestAbove.notAfterNanos() < one.notBeforeNanos()) {
        findings.add(
            Finding.Kind.REORDERED,
            history.subject(),
            one.id(),
            "id "
                + earliestAbove.id()
                + " was acknowledged "
                + (one.notBeforeNanos() - earliestAbove.notAfterNanos()) / 1_000
                + " µs before the call that got id "
                + one.id()
                + " began");
      }
      if (earliestAbove == null || one.notAfterNanos() < earliestAbove.notAfterNanos()) {
        earliestAbove = one;
      }
    }
  }

  /** By rising id. */
  private static List<Given> given(SubjectHistory history) {
    Map<ByteString, Publish> publishByBody = new HashMap<>();
    history.publishes().forEach(p -> publishByBody.put(p.body(), p));
    List<Given> given = new ArrayList<>();
    for (Received message : history.anyLog().messages()) {
      Publish publish = publishByBody.get(message.body());
      if (publish != null) {
        given.add(given(publish, message.id()));
      }
    }
    for (Reservation r : history.acknowledgedReservations()) {
      given.add(new Given(r.lastId(), r.attempt().invokedAtNanos(), r.attempt().endedAtNanos()));
    }
    given.sort(Comparator.comparingLong(Given::id));
    return given;
  }

  private static Given given(Publish publish, long id) {
    long notBefore = publish.firstInvokedAtNanos();
    long notAfter = Long.MAX_VALUE;
    for (Attempt attempt : publish.attempts()) {
      if (attempt.acknowledgedId() == id) {
        notAfter = Math.min(notAfter, attempt.endedAtNanos());
        if (publish.key() == null) {
          // Without a key an acknowledgement answers its own attempt, never an earlier one.
          notBefore = attempt.invokedAtNanos();
        }
      }
    }
    return new Given(id, notBefore, notAfter);
  }

  private static void checkStreams(SubjectHistory history, Findings findings) {
    Map<String, Long> lastIdByStream = new HashMap<>();
    for (Publish publish : history.publishes()) {
      if (publish.attempts().isEmpty()) {
        continue;
      }
      // A first attempt only: a later one may be answered with the id of an earlier one.
      Attempt attempt = publish.attempts().get(0);
      String stream = attempt.stream();
      if (stream == null || !attempt.isAcknowledged()) {
        continue;
      }
      long id = attempt.acknowledgedId();
      long last = lastIdByStream.getOrDefault(stream, 0L);
      if (id <= last) {
        findings.add(
            Finding.Kind.REORDERED,
            history.subject(),
            id,
            "on stream " + stream + " id " + last + " came before id " + id);
      }
      lastIdByStream.put(stream, Math.max(last, id));
    }
  }
}
