package org.raftbroker.server.membership.kubernetes;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * Which pods a StatefulSet wants.
 *
 * @param start the lowest ordinal, {@code spec.ordinals.start}
 * @param replicas how many, {@code spec.replicas}
 */
record Ordinals(int start, int replicas) {
  private static final Pattern POD = Pattern.compile("(.+)-(0|[1-9][0-9]{0,8})");

  /** Empty of one that is being deleted, or that does not say how many it wants. */
  static Optional<Ordinals> of(JsonNode statefulSet) {
    JsonNode replicas = statefulSet.path("spec").path("replicas");
    if (!replicas.isInt() || statefulSet.path("metadata").has("deletionTimestamp")) {
      return Optional.empty();
    }
    JsonNode start = statefulSet.path("spec").path("ordinals").path("start");
    return Optional.of(new Ordinals(start.isInt() ? start.intValue() : 0, replicas.intValue()));
  }

  /**
   * Whether a pod of this ordinal was scaled away. With no replicas at all the whole cluster is
   * stopped, and expected back. Ordinals below the first one are moved to another StatefulSet, not
   * scaled away.
   */
  boolean isBeyond(int ordinal) {
    return replicas > 0 && ordinal >= (long) start + replicas;
  }

  /** Of the pod {@code statefulSet-ordinal}; empty of any other name. */
  static OptionalInt ordinal(String statefulSet, String pod) {
    Matcher name = POD.matcher(pod);
    return name.matches() && name.group(1).equals(statefulSet)
        ? OptionalInt.of(Integer.parseInt(name.group(2)))
        : OptionalInt.empty();
  }

  /** The StatefulSet that a pod of this name belongs to; empty if it has no ordinal. */
  static Optional<String> statefulSet(String pod) {
    Matcher name = POD.matcher(pod);
    return name.matches() ? Optional.of(name.group(1)) : Optional.empty();
  }
}
