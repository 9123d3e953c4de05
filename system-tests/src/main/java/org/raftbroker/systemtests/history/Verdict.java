package org.raftbroker.systemtests.history;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What a history shows.
 *
 * @param findings broken promises, at most {@value Findings#SHOWN_OF_A_KIND} of a kind
 * @param countByKind how many there are of each kind, shown or not
 * @param acknowledged publishes that were acknowledged, at least once each
 * @param uncertain publishes that ended without a definite answer
 * @param delivered messages given to subscribers
 * @param fetched fetches that were answered with the message
 */
public record Verdict(
    List<Finding> findings,
    Map<Finding.Kind, Integer> countByKind,
    long acknowledged,
    long uncertain,
    long delivered,
    long fetched) {

  public Verdict {
    findings = List.copyOf(findings);
    countByKind = Map.copyOf(countByKind);
  }

  public int count(Finding.Kind kind) {
    return countByKind.getOrDefault(kind, 0);
  }

  @Override
  public String toString() {
    StringBuilder text =
        new StringBuilder()
            .append(acknowledged)
            .append(" acknowledged, ")
            .append(uncertain)
            .append(" uncertain, ")
            .append(delivered)
            .append(" delivered, ")
            .append(fetched)
            .append(" fetched");
    if (findings.isEmpty()) {
      return text.append("; nothing broken").toString();
    }
    Map<Finding.Kind, Integer> counts = new EnumMap<>(Finding.Kind.class);
    counts.putAll(countByKind);
    text.append("; broken: ").append(counts);
    findings.forEach(finding -> text.append("\n  ").append(finding));
    return text.toString();
  }
}
