package org.raftbroker.server.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a node with an empty disk makes of what the other first members say. Pure.
 *
 * <p>An empty disk is either one of a new cluster, or one that has forgotten all that its node ever
 * acknowledged. The first may vote at once, the second would let the others lose messages. Only
 * when all first members say that they have nothing either is the cluster new; one of them that has
 * voted is enough to know that it is not, unless it says that this very disk was there from the
 * beginning.
 */
final class FoundingRound {
  private FoundingRound() {}

  /**
   * What one of the others says.
   *
   * @param disk of the one who says it
   * @param terms what founders must agree on
   * @param founded whether it may have voted
   * @param diskByFounder the disks that it says the cluster was founded on
   */
  record Answer(
      String memberId,
      String disk,
      String terms,
      boolean founded,
      Map<String, String> diskByFounder) {
    Answer {
      diskByFounder = Map.copyOf(diskByFounder);
    }
  }

  /** What to do. */
  sealed interface Decision {}

  /** The cluster is new: begin, on these disks. */
  record Found(SortedMap<String, String> diskByFounder) implements Decision {}

  /** The cluster exists: come to it as one who has nothing. */
  record Join(String why) implements Decision {}

  /** Nobody can know yet. */
  record Wait(String why) implements Decision {}

  /**
   * Decides for one founder.
   *
   * @param answers of all other founders, by id; null: it does not answer
   */
  static Decision decide(
      String selfId, String disk, String terms, SortedMap<String, @Nullable Answer> answers) {
    SortedMap<String, String> disks = new TreeMap<>(Map.of(selfId, disk));
    List<String> silent = new ArrayList<>();
    for (Map.Entry<String, @Nullable Answer> entry : answers.entrySet()) {
      Answer answer = entry.getValue();
      if (answer != null && answer.founded) {
        return disk.equals(answer.diskByFounder.get(selfId))
            ? new Found(new TreeMap<>(answer.diskByFounder))
            : new Join(entry.getKey() + " has data already, and does not know this disk");
      }
      if (answer == null) {
        silent.add(entry.getKey());
      } else {
        disks.put(entry.getKey(), answer.disk);
      }
    }
    for (Map.Entry<String, @Nullable Answer> entry : answers.entrySet()) {
      Answer answer = entry.getValue();
      if (answer != null && !answer.memberId.equals(entry.getKey())) {
        return new Wait(
            "at the address of "
                + entry.getKey()
                + " is a node that calls itself "
                + answer.memberId);
      }
      if (answer != null && !answer.terms.equals(terms)) {
        return new Wait(
            entry.getKey()
                + " is configured for another cluster: "
                + answer.terms
                + ", this node for "
                + terms);
      }
    }
    return silent.isEmpty()
        ? new Found(disks)
        : new Wait(
            "this disk is empty, and as long as "
                + String.join(", ", silent)
                + (silent.size() == 1 ? " does" : " do")
                + " not answer it cannot be told whether the cluster is new or this node has lost its"
                + " data");
  }
}
