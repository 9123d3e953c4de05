package org.raftbroker.server.peer;

/** A peer did not do what it was asked, or nobody knows whether it did. For people and retries. */
final class PeerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  PeerException(String message) {
    // Expected whenever a node stops; who threw it is of no interest.
    super(message, null, false, false);
  }
}
