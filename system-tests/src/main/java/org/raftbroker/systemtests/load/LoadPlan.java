package org.raftbroker.systemtests.load;

import java.util.List;

/**
 * Which clients there are and how hard they try. Small on purpose: order and loss show at a few
 * hundred messages a second, and the nodes share two cores with their clients.
 *
 * @param subjects each client picks one in turn
 * @param unaryPublishersPerNode one call outstanding each; every second one uses idempotency keys
 * @param streamPublishersPerNode with keys; frames of one to {@link StreamPublisher#MAX_FRAME}
 * @param messagesPerSecond of each publisher, at most
 * @param bodyBytes least size of a body; half of them are larger, up to twice
 * @param staying subscribers on each node that never reconnect
 * @param resuming subscribers on each node that go on elsewhere when their stream breaks
 * @param replaying subscribers on each node that begin with the earliest message, and resume
 * @param slow subscribers on each node that read one message at a time, with pauses, and resume
 * @param fetchers each one fetch outstanding, at any node, mostly of what was just acknowledged
 * @param reservers each one IncIdx outstanding, at any node
 */
public record LoadPlan(
    List<String> subjects,
    int unaryPublishersPerNode,
    int streamPublishersPerNode,
    double messagesPerSecond,
    int bodyBytes,
    int staying,
    int resuming,
    int replaying,
    int slow,
    int fetchers,
    int reservers) {

  public LoadPlan {
    subjects = List.copyOf(subjects);
  }

  /** A little of everything, on six subjects whose names begin with {@code prefix}. */
  public static LoadPlan mixed(String prefix) {
    List<String> subjects =
        List.of("orders", "payments", "stock.in", "stock.out", "audit", "clicks.web").stream()
            .map(name -> prefix + "." + name)
            .toList();
    return new LoadPlan(subjects, 2, 1, 150, 64, 2, 2, 1, 1, 2, 1);
  }

  public LoadPlan withMessagesPerSecond(double each) {
    return new LoadPlan(
        subjects,
        unaryPublishersPerNode,
        streamPublishersPerNode,
        each,
        bodyBytes,
        staying,
        resuming,
        replaying,
        slow,
        fetchers,
        reservers);
  }

  public LoadPlan withBodyBytes(int bytes) {
    return new LoadPlan(
        subjects,
        unaryPublishersPerNode,
        streamPublishersPerNode,
        messagesPerSecond,
        bytes,
        staying,
        resuming,
        replaying,
        slow,
        fetchers,
        reservers);
  }
}
