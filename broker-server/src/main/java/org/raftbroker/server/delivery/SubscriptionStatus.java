package org.raftbroker.server.delivery;

import org.raftbroker.message.Subject;

/**
 * How a client's subscription gets on, for people.
 *
 * @param client where its client is, as the transport knows it
 * @param nextId the id that it is sent next, if there is a message
 * @param headId the highest id of its subject that this node knows
 * @param startedAtMillis when it was put in place
 * @param behindSinceMillis since when there has always been something that it was not sent; 0 if
 *     there is nothing
 * @param stalled whether its client took nothing more when it was last tried
 */
public record SubscriptionStatus(
    Subject subject,
    String client,
    long nextId,
    long headId,
    long startedAtMillis,
    long behindSinceMillis,
    boolean stalled) {
  /** How many ids it is behind the head. */
  public long lag() {
    return Math.max(0, headId - (nextId - 1));
  }
}
