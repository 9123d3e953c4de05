package org.raftbroker.systemtests.history;

/** One promise that was broken. */
public record Finding(Finding.Kind kind, String subject, String what) {
  /** Which promise. */
  public enum Kind {
    /** An acknowledged or delivered message is not on a node. */
    LOST,
    /** A message was acknowledged, delivered or read with other content than it was given. */
    ALTERED,
    /** A message is there more often than it was asked for. */
    DUPLICATED,
    /** Ids do not follow the order of calls, or of a stream. */
    REORDERED,
    /** A message that nobody published, or that was refused, is there. */
    INVENTED,
    /** One id was given twice. */
    ID_REUSED,
    /** An id has neither a message nor a reservation. */
    ID_SKIPPED,
    /** Two nodes hold different content. */
    DIVERGED,
    /** Ids, previous ids, times or checksums of a node's content do not continue each other. */
    CHAIN_BROKEN,
    /** A stream left out a message. */
    STREAM_GAP,
    /** A stream gave a message twice. */
    STREAM_DUPLICATE,
    /** A stream went backwards. */
    STREAM_REORDERED,
    /** A stream gave a message from before it began. */
    STREAM_UNASKED,
    /** A read did not see what was acknowledged, delivered or read before it began. */
    STALE_READ,
    /** A call ended with a status that no client and no fault accounts for. */
    WRONG_STATUS,
    /** The history itself lacks what a verdict needs. */
    INCOMPLETE,
  }

  @Override
  public String toString() {
    return kind + " " + subject + ": " + what;
  }
}
