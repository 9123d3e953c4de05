package org.raftbroker.systemtests.history;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Every acknowledgement is kept, nothing is there that was not asked for, and every id has exactly
 * one use.
 */
final class PublishCheck {
  private final SubjectHistory history;
  private final Findings findings;
  private final Map<ByteString, Publish> publishByBody = new HashMap<>();

  private PublishCheck(SubjectHistory history, Findings findings) {
    this.history = history;
    this.findings = findings;
    history.publishes().forEach(p -> publishByBody.put(p.body(), p));
  }

  static void check(SubjectHistory history, Findings findings) {
    PublishCheck check = new PublishCheck(history, findings);
    for (NodeLog log : history.logByNode().values()) {
      check.checkAcknowledgedAreKept(log);
      check.checkCopies(log);
      check.checkNothingInvented(log);
      check.checkIdsAreUsed(log);
    }
    check.checkStatuses();
    check.checkIdsAreGivenOnce();
  }

  private void checkAcknowledgedAreKept(NodeLog log) {
    for (Publish publish : history.publishes()) {
      for (Attempt attempt : publish.attempts()) {
        if (!attempt.isAcknowledged()) {
          continue;
        }
        long id = attempt.acknowledgedId();
        Received message = log.byId(id);
        if (message == null) {
          List<Long> elsewhere = log.idsOf(publish.body());
          add(
              Finding.Kind.LOST,
              id,
              publish
                  + " was acknowledged with id "
                  + id
                  + " and is not there on "
                  + log.node()
                  + (elsewhere.isEmpty() ? "" : ", but at " + elsewhere));
        } else if (!message.body().equals(publish.body())) {
          add(
              Finding.Kind.ALTERED,
              id,
              publish
                  + " was acknowledged with id "
                  + id
                  + ", where "
                  + log.node()
                  + " has "
                  + message);
        }
      }
    }
  }

  private void checkCopies(NodeLog log) {
    for (Publish publish : history.publishes()) {
      List<Long> ids = log.idsOf(publish.body());
      Set<Long> acknowledged = new HashSet<>();
      int uncertain = 0;
      for (Attempt attempt : publish.attempts()) {
        if (attempt.isAcknowledged()) {
          acknowledged.add(attempt.acknowledgedId());
        } else if (attempt.isUncertain()) {
          uncertain++;
        }
      }
      if (acknowledged.isEmpty() && uncertain == 0 && !ids.isEmpty()) {
        add(
            Finding.Kind.INVENTED,
            publish.body(),
            publish + " was refused and yet is on " + log.node() + " at " + ids);
        continue;
      }
      long beyond = ids.stream().filter(id -> !acknowledged.contains(id)).count();
      boolean tooMany = publish.key() == null ? beyond > uncertain : ids.size() > 1;
      if (tooMany || (publish.key() != null && acknowledged.size() > 1)) {
        add(
            Finding.Kind.DUPLICATED,
            publish.body(),
            publish
                + (publish.key() == null ? " without a key" : " with a key")
                + " was tried "
                + publish.attempts().size()
                + " times, acknowledged with "
                + acknowledged
                + ", and is on "
                + log.node()
                + " at "
                + ids);
      }
    }
  }

  private void checkNothingInvented(NodeLog log) {
    for (Received message : log.messages()) {
      if (!publishByBody.containsKey(message.body())) {
        add(
            Finding.Kind.INVENTED,
            message.id(),
            log.node() + " has " + message + ", which nobody published");
      }
    }
  }

  private void checkIdsAreUsed(NodeLog log) {
    Set<Long> reserved = new HashSet<>();
    for (Reservation reservation : history.acknowledgedReservations()) {
      for (long id = reservation.firstId(); id <= reservation.lastId(); id++) {
        reserved.add(id);
        Received message = log.byId(id);
        if (message != null) {
          add(Finding.Kind.ID_REUSED, id, "id " + id + " was reserved, and holds " + message);
        }
      }
    }
    long mayBeReserved =
        history.reservations().stream()
            .filter(r -> r.attempt().isUncertain())
            .mapToLong(Reservation::count)
            .sum();
    List<Long> unused = new ArrayList<>();
    for (long id = 1; id <= log.lastId(); id++) {
      if (log.byId(id) == null && !reserved.contains(id)) {
        unused.add(id);
      }
    }
    if (unused.size() > mayBeReserved) {
      add(
          Finding.Kind.ID_SKIPPED,
          "unused",
          unused.size()
              + " ids on "
              + log.node()
              + " have no message and no reservation, "
              + mayBeReserved
              + " may have been reserved without an answer; the first are "
              + unused.subList(0, Math.min(unused.size(), Findings.SHOWN_OF_A_KIND)));
    }
  }

  private void checkIdsAreGivenOnce() {
    Map<Long, Publish> publishById = new HashMap<>();
    for (Publish publish : history.publishes()) {
      Set<Long> own = new HashSet<>();
      for (Attempt attempt : publish.attempts()) {
        if (!attempt.isAcknowledged()) {
          continue;
        }
        long id = attempt.acknowledgedId();
        Publish other = publishById.putIfAbsent(id, publish);
        boolean again = other == publish && publish.key() == null && !own.add(id);
        if ((other != null && other != publish) || again) {
          add(
              Finding.Kind.ID_REUSED,
              id,
              "id " + id + " was acknowledged for " + other + " and for " + publish);
        }
        own.add(id);
      }
    }
    TreeMap<Long, Reservation> byFirstId = new TreeMap<>();
    for (Reservation reservation : history.acknowledgedReservations()) {
      Map.Entry<Long, Reservation> before = byFirstId.floorEntry(reservation.lastId());
      if (before != null && before.getValue().lastId() >= reservation.firstId()) {
        add(
            Finding.Kind.ID_REUSED,
            reservation.firstId(),
            "ids from " + reservation.firstId() + " on were reserved twice");
      }
      byFirstId.put(reservation.firstId(), reservation);
    }
  }

  private void checkStatuses() {
    for (Publish publish : history.publishes()) {
      publish.attempts().forEach(attempt -> checkStatus("publish of " + publish, attempt));
    }
    history.reservations().forEach(r -> checkStatus("reservation", r.attempt()));
  }

  private void checkStatus(String what, Attempt attempt) {
    if (attempt.outcome() instanceof Outcome.Unknown unknown) {
      findings.checkStatus(history.subject(), what, unknown.status());
    }
  }

  private void add(Finding.Kind kind, Object about, String what) {
    findings.add(kind, history.subject(), about, what);
  }
}
