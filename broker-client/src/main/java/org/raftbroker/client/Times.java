package org.raftbroker.client;

import java.time.Duration;

/**
 * How long things may take; {@link BrokerClient.Builder} says what each of them means to callers.
 *
 * @param timeout of a call, all its attempts together
 * @param patience how long nodes are asked again that have failed already
 * @param attemptTimeout how long one node may be silent while there are others to ask
 */
record Times(Duration timeout, Duration patience, Duration attemptTimeout) {
  Times withPatience(Duration other) {
    return new Times(timeout, other, attemptTimeout);
  }

  /** For a subscription after a break. */
  Times resumingFor(Duration resumeFor) {
    return new Times(resumeFor, resumeFor, attemptTimeout);
  }
}
