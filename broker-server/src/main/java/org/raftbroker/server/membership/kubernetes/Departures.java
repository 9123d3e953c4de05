package org.raftbroker.server.membership.kubernetes;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides which pods are gone for good: scaled away, and so for a while.
 *
 * <p>Only from what is known for certain. It judges only while the views of the pods and of the
 * StatefulSet are both current, which an unfinished list or a cut stream is not; the StatefulSet
 * must be there and say how many pods it wants. When either view is interrupted, all waiting begins
 * anew, since a pod may have come and gone unseen. At the end of the wait the API server is asked
 * once more for this pod and for the StatefulSet by name; without an answer nothing is decided.
 * What was decided stays until a current view shows the pod, or that it is wanted again.
 *
 * <p>On one thread.
 */
final class Departures {
  private static final Logger log = LoggerFactory.getLogger(Departures.class);

  private final String statefulSet;
  private final long goneAfterNanos;
  private final Function<String, StatefulSetWatch.Answer> ask;
  private final Map<String, Long> missingSinceById = new HashMap<>();
  private final Set<String> gone = new TreeSet<>();

  /**
   * @param ask for a last time, by the pod's name; may block
   */
  Departures(
      String statefulSet, Duration goneAfter, Function<String, StatefulSetWatch.Answer> ask) {
    this.statefulSet = statefulSet;
    this.goneAfterNanos = goneAfter.toNanos();
    this.ask = ask;
  }

  /**
   * Returns who is gone for good. To be called with every view, and now and then in between.
   *
   * @param memberIds who may be; an id that is not that of a pod of the StatefulSet never is
   * @param nanos of a clock that only goes forward
   */
  Set<String> look(
      View<Pod> pods, View<Ordinals> statefulSets, Collection<String> memberIds, long nanos) {
    Ordinals wanted = statefulSets.byName().get(statefulSet);
    if (!pods.current() || !statefulSets.current() || wanted == null) {
      missingSinceById.clear();
      return Set.copyOf(gone);
    }
    Set<String> away = new TreeSet<>();
    for (String id : memberIds) {
      var ordinal = Ordinals.ordinal(statefulSet, id);
      if (ordinal.isPresent()
          && wanted.isBeyond(ordinal.getAsInt())
          && !pods.byName().containsKey(id)) {
        away.add(id);
      }
    }
    missingSinceById.keySet().retainAll(away);
    if (gone.retainAll(away)) {
      log.atInfo().addKeyValue("gone", gone).log("a pod that was scaled away is wanted again");
    }
    for (String id : away) {
      if (!gone.contains(id) && !judge(id, nanos)) {
        break;
      }
    }
    return Set.copyOf(gone);
  }

  /** Returns false if there is no use in asking for others now. */
  private boolean judge(String id, long nanos) {
    Long since = missingSinceById.putIfAbsent(id, nanos);
    if (since == null || nanos - since < goneAfterNanos) {
      return true;
    }
    StatefulSetWatch.Answer answer = ask.apply(id);
    switch (answer) {
      case GONE -> {
        missingSinceById.remove(id);
        gone.add(id);
        log.atInfo().addKeyValue("pod", id).log("a pod was scaled away");
      }
      case WANTED_OR_THERE -> missingSinceById.put(id, nanos);
      case UNKNOWN -> {}
    }
    return answer != StatefulSetWatch.Answer.UNKNOWN;
  }
}
