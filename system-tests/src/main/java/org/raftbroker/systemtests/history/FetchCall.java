package org.raftbroker.systemtests.history;

/**
 * One Fetch and its answer.
 *
 * @param endedAtNanos when the answer was there
 */
public record FetchCall(
    String node,
    String subject,
    long id,
    long invokedAtNanos,
    long endedAtNanos,
    FetchCall.Answer answer) {

  /** What a Fetch was told. */
  public sealed interface Answer {}

  /** The message. */
  public record Found(Received message) implements Answer {}

  /**
   * NOT_FOUND.
   *
   * @param reason as in {@code google.rpc.ErrorInfo}
   */
  public record Absent(String reason) implements Answer {}

  /** No answer that says anything about the message. */
  public record Failed(String status) implements Answer {}
}
