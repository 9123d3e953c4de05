package org.raftbroker.systemtests.history;

/** What a client knows of an operation that it began. */
public sealed interface Outcome {
  /** No answer yet; at the end of a history as good as {@link Unknown}. */
  record Open() implements Outcome {}

  /** It happened; for a reservation {@code id} is the last one reserved. */
  record Acknowledged(long id) implements Outcome {}

  /** It did not happen, and never will. */
  record Refused(String status) implements Outcome {}

  /** It may have happened, or may happen yet. */
  record Unknown(String status) implements Outcome {}
}
