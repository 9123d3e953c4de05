package org.raftbroker.systemtests.history;

import java.util.List;

/**
 * Decides whether the broker kept its promises in a history:
 *
 * <ul>
 *   <li>An acknowledged message is on every node, at the id it was acknowledged with, with its
 *       bytes.
 *   <li>A message published with an idempotency key is there at most once, however often it was
 *       tried, and every acknowledgement names the same id. One published without a key is there
 *       once for each acknowledgement, and besides at most once for each attempt that ended without
 *       a definite answer. One whose attempts were all refused is not there.
 *   <li>If a publish was acknowledged before another was invoked, its id is the lower one; and ids
 *       rise in the order of a publish stream.
 *   <li>Every id up to the last is a message or was reserved, never both, never two.
 *   <li>All nodes hold the same ids, bodies and times, and the chain of previous ids and checksums
 *       holds.
 *   <li>A subscriber was given each message from its beginning on, in order, once, with the bytes
 *       that all nodes hold, whether it stayed connected or resumed.
 *   <li>A fetch saw all that was acknowledged, delivered or fetched before it began.
 * </ul>
 *
 * Pure: the same history gives the same verdict. Not thread-safe; the history must be at rest.
 */
public final class HistoryChecker {
  private HistoryChecker() {}

  public static Verdict check(History history) {
    Findings findings = new Findings();
    long acknowledged = 0;
    long uncertain = 0;
    long delivered = 0;
    long fetched = 0;
    for (SubjectHistory subject : history.bySubject()) {
      check(history, subject, findings);
      for (Publish publish : subject.publishes()) {
        List<Attempt> attempts = publish.attempts();
        if (attempts.stream().anyMatch(Attempt::isAcknowledged)) {
          acknowledged++;
        } else if (attempts.stream().anyMatch(Attempt::isUncertain)) {
          uncertain++;
        }
      }
      delivered += subject.subscribers().stream().mapToLong(SubscriberRecord::size).sum();
      fetched +=
          subject.fetches().stream().filter(f -> f.answer() instanceof FetchCall.Found).count();
    }
    return new Verdict(
        findings.shown(), findings.countByKind(), acknowledged, uncertain, delivered, fetched);
  }

  private static void check(History history, SubjectHistory subject, Findings findings) {
    for (String node : history.nodes()) {
      if (!subject.logByNode().containsKey(node)) {
        findings.add(
            Finding.Kind.INCOMPLETE, subject.subject(), node, "node " + node + " was not read");
      }
    }
    if (subject.logByNode().isEmpty()) {
      return;
    }
    NodeLogCheck.check(subject, findings);
    PublishCheck.check(subject, findings);
    OrderCheck.check(subject, findings);
    SubscriberCheck.check(subject, findings);
    FetchCheck.check(subject, findings);
  }
}
