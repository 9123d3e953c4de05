package org.raftbroker.server.peer;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.raftbroker.message.Subject;

/**
 * Which peers have subscribers of which subjects, as they say themselves. Of a peer that has not
 * said so yet, or that is not heard any more, anything may be true: it is sent every broadcast.
 *
 * <p>Subjects are remembered as hashes of 64 bits. Two with the same hash cost a broadcast that a
 * peer has no use for, about never. Any thread.
 */
public final class InterestTable {
  private final Map<String, Set<Long>> hashesByMember = new ConcurrentHashMap<>();

  /** Whether a broadcast on a subject is to be sent to a member. */
  boolean mayHave(String memberId, Subject subject) {
    Set<Long> hashes = hashesByMember.get(memberId);
    return hashes == null || hashes.contains(hash(subject));
  }

  /**
   * What the member says, from now on.
   *
   * @param hashes complete; safe to read while it changes
   */
  void learn(String memberId, Set<Long> hashes) {
    hashesByMember.put(memberId, hashes);
  }

  /** Nothing is known of the member any more, unless somebody else has told of it since. */
  void forget(String memberId, Set<Long> hashes) {
    // By identity: a later stream of the same member may say the same.
    hashesByMember.computeIfPresent(memberId, (id, known) -> known == hashes ? null : known);
  }

  /** FNV-1a, the same on every node. */
  static long hash(Subject subject) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : subject.utf8()) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    return hash;
  }
}
