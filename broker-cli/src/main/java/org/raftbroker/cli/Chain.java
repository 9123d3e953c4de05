package org.raftbroker.cli;

import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.MessageResponse;

/**
 * Proves that nothing of a subject was missed or altered: each message names the one before it, and
 * its checksum covers all before it. Where messages expired or were removed the proof begins anew
 * behind them, as their bodies are gone; it counts how often. One thread.
 */
final class Chain {
  private long messages;
  private long reserved;
  private int gaps;
  private long firstId;
  private long lastId;
  private int lastChecksum;

  /**
   * Adds the next message.
   *
   * @param gone whether the message with an id is known to have expired or been removed
   * @return what is wrong with it, or null
   */
  @Nullable String add(MessageResponse message, Gone gone) throws InterruptedException {
    long id = message.getId();
    long previousId = message.getPreviousId();
    if (id <= lastId) {
      return "id " + id + " came after id " + lastId;
    }
    if (previousId >= id || previousId < 0) {
      return "id " + id + " names " + previousId + " as the one before it";
    }
    if (previousId < lastId) {
      return "id " + id + " names " + previousId + " as the one before it, but " + lastId + " is";
    }
    boolean follows = previousId == lastId;
    if (!follows && !gone.test(previousId)) {
      return "id " + previousId + " is missing before id " + id + ", neither expired nor removed";
    }
    // Behind such messages the checksum before is unknown: the chain is taken up from here.
    if (follows && message.getChecksum() != Checksum.of(lastChecksum, id, message.getBody())) {
      return "id " + id + " or a message before it was altered: its checksum does not match";
    }
    reserved += id - previousId - 1;
    gaps += follows ? 0 : 1;
    messages++;
    firstId = messages == 1 ? id : firstId;
    lastId = id;
    lastChecksum = message.getChecksum();
    return null;
  }

  /** Asks the broker about a message that was not delivered. */
  interface Gone {
    boolean test(long id) throws InterruptedException;
  }

  long messages() {
    return messages;
  }

  /** Ids without a message between those seen. */
  long reserved() {
    return reserved;
  }

  /** How often messages that are gone interrupt the chain. */
  int gaps() {
    return gaps;
  }

  long firstId() {
    return firstId;
  }

  long lastId() {
    return lastId;
  }

  int lastChecksum() {
    return lastChecksum;
  }
}
