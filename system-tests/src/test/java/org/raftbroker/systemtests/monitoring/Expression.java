package org.raftbroker.systemtests.monitoring;

import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which metrics and labels a PromQL expression uses. Whether it is one, Prometheus itself has to
 * say.
 */
public final class Expression {
  private static final Pattern STRING = Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*\"");
  private static final Pattern TIME =
      Pattern.compile("\\[[^]]*]|\\boffset\\s+[0-9a-z]+", Pattern.CASE_INSENSITIVE);
  private static final Pattern GROUPING =
      Pattern.compile("\\b(?:by|without|on|ignoring|group_left|group_right)\\s*\\(([^)]*)\\)");
  private static final String NAME = "(?<![\\w:.])([a-zA-Z_:][\\w:]*)";
  private static final Pattern SELECTOR = Pattern.compile(NAME + "\\s*\\{([^}]*)}");
  private static final Pattern MATCHED_LABEL = Pattern.compile("(\\w+)\\s*(?:=~|!~|!=|=)");
  private static final Pattern BARE = Pattern.compile(NAME + "(?![\\w:]|\\s*\\()");
  private static final Set<String> KEYWORDS = Set.of("and", "or", "unless", "bool", "inf", "nan");

  private final SortedMap<String, SortedSet<String>> matchedLabelsByMetric = new TreeMap<>();
  private final SortedSet<String> groupingLabels = new TreeSet<>();

  public Expression(String text) {
    String rest = TIME.matcher(STRING.matcher(text).replaceAll("\"\"")).replaceAll(" ");
    Matcher grouping = GROUPING.matcher(rest);
    while (grouping.find()) {
      for (String label : grouping.group(1).split(",", -1)) {
        if (!label.isBlank()) {
          groupingLabels.add(label.strip());
        }
      }
    }
    rest = grouping.replaceAll(" ");
    Matcher selector = SELECTOR.matcher(rest);
    while (selector.find()) {
      Matcher label = MATCHED_LABEL.matcher(selector.group(2));
      SortedSet<String> labels = matchedLabels(selector.group(1));
      while (label.find()) {
        labels.add(label.group(1));
      }
    }
    Matcher bare = BARE.matcher(selector.replaceAll(" "));
    while (bare.find()) {
      if (!KEYWORDS.contains(bare.group(1))) {
        matchedLabels(bare.group(1));
      }
    }
  }

  private SortedSet<String> matchedLabels(String metric) {
    return matchedLabelsByMetric.computeIfAbsent(metric, name -> new TreeSet<>());
  }

  /** Each metric, with the labels that it is selected by. */
  public SortedMap<String, SortedSet<String>> matchedLabelsByMetric() {
    return matchedLabelsByMetric;
  }

  /** Labels by which values are grouped or joined; of which metric, only Prometheus knows. */
  public SortedSet<String> groupingLabels() {
    return groupingLabels;
  }
}
