package org.raftbroker.systemtests.history;

import java.util.List;
import java.util.SortedMap;

/**
 * The part of a history that concerns one subject: ids mean nothing across subjects, so each is
 * judged alone.
 */
record SubjectHistory(
    String subject,
    List<Publish> publishes,
    List<Reservation> reservations,
    List<SubscriberRecord> subscribers,
    List<FetchCall> fetches,
    SortedMap<String, NodeLog> logByNode) {

  /**
   * The content that streams and fetches are held against. Any node's will do: that nodes differ is
   * a finding of its own.
   */
  NodeLog anyLog() {
    return logByNode.values().iterator().next();
  }

  List<Reservation> acknowledgedReservations() {
    return reservations.stream().filter(r -> r.attempt().isAcknowledged()).toList();
  }
}
