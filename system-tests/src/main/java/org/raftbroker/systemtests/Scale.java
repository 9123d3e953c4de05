package org.raftbroker.systemtests;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.raftbroker.systemtests.cluster.ClusterSpec;
import org.raftbroker.systemtests.cluster.DirectoryTree;
import org.raftbroker.systemtests.cluster.GrowingCluster;
import org.raftbroker.systemtests.cluster.NodePlace;
import org.raftbroker.systemtests.scale.Audience;
import org.raftbroker.systemtests.scale.Balance;
import org.raftbroker.systemtests.scale.Subjects;
import org.raftbroker.systemtests.scale.Traffic;
import org.raftbroker.systemtests.scale.Usage;

/**
 * Lets a cluster of its own grow to many nodes, gives it many subjects and many subscribers, says
 * whether anything is lost or reordered and whether replicas and leaders are spread evenly, and
 * measures what each node takes of the machine. The command {@code system-tests/scale}.
 */
public final class Scale {
  private static final int FOUNDERS = 3;

  /** One subscriber of so many gets messages; the others show that they get none. */
  private static final int SAMPLE = 10;

  private static final int SAMPLE_MESSAGES = 3;
  private static final int FINDINGS_SHOWN = 20;
  private static final double MIB = 1 << 20;

  private final ScaleOptions options;
  private final PrintStream out;
  private final long startedAtNanos = System.nanoTime();
  private final List<String> findings = new ArrayList<>();

  private Scale(ScaleOptions options, PrintStream out) {
    this.options = options;
    this.out = out;
  }

  /** Exit code 0: nothing lost, reordered or unbalanced; 1: something is; 2: wrong options. */
  public static void main(String[] args) throws IOException, InterruptedException {
    ScaleOptions options;
    try {
      options = ScaleOptions.parse(args);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.err.println(ScaleOptions.USAGE);
      System.exit(2);
      return;
    }
    Path directory = Files.createTempDirectory("raftbroker-scale");
    List<String> findings = run(options, directory, directory.resolve("logs"), System.out);
    if (findings.isEmpty()) {
      DirectoryTree.delete(directory);
    } else {
      System.out.println("data and logs of the nodes are kept in " + directory);
    }
    System.exit(findings.isEmpty() ? 0 : 1);
  }

  /**
   * Runs and reports.
   *
   * @return what is lost, reordered or unbalanced, one line each
   */
  static List<String> run(ScaleOptions options, Path directory, Path logs, PrintStream out)
      throws InterruptedException {
    return new Scale(options, out).run(directory, logs);
  }

  private List<String> run(Path directory, Path logs) throws InterruptedException {
    ClusterSpec spec =
        new ClusterSpec(
            options.nodes(),
            options.shards(),
            "placement:\n  maxMoves: " + options.maxMoves() + "\n");
    try (GrowingCluster cluster = GrowingCluster.found(spec, directory, logs)) {
      say(FOUNDERS + " nodes founded a cluster of " + options.shards() + " shards");
      cluster.grow();
      say(cluster.size() + " nodes are ready");
      Balance.await(cluster);
      say(Balance.moved(cluster, FOUNDERS) + " replicas have moved to later nodes");
      measure(cluster, "with nothing in it");
      fill(cluster);
    }
    findings.stream().limit(FINDINGS_SHOWN).forEach(out::println);
    say(findings.isEmpty() ? "PASS" : "FAIL: " + findings.size() + " findings");
    return findings;
  }

  private void fill(GrowingCluster cluster) throws InterruptedException {
    Subjects subjects = new Subjects(cluster);
    List<Integer> all = IntStream.range(0, options.subjects()).boxed().toList();
    findings.addAll(subjects.publish(all, 1));
    say("one message acknowledged on each of %,d subjects".formatted(all.size()));
    printUsage(cluster, "with subjects");

    List<Integer> subscribed = all.subList(0, options.subscribers());
    try (Audience audience = new Audience(cluster, subscribed)) {
      say(
          "%,d subscriptions are in place, over %d connections"
              .formatted(subscribed.size(), audience.connections()));
      List<Integer> sample = subscribed.stream().filter(s -> s % SAMPLE == 0).toList();
      for (int i = 0; i < SAMPLE_MESSAGES; i++) {
        findings.addAll(subjects.publish(sample, 2 + i));
      }
      audience.check(new HashSet<>(sample), 1, SAMPLE_MESSAGES);
      say("%d messages to each of %,d subscribers".formatted(SAMPLE_MESSAGES, sample.size()));
      measure(cluster, "with subjects and subscribers");
      // Once more, for what came too often, or to the wrong ones.
      findings.addAll(audience.check(new HashSet<>(sample), 1, SAMPLE_MESSAGES));
    }
  }

  /** Watches the cluster while it has nothing to do. */
  private void measure(GrowingCluster cluster, String state) {
    Map<NodePlace, Long> pids = new LinkedHashMap<>();
    for (int n = 1; n <= cluster.size(); n++) {
      pids.put(cluster.node(n).place(), cluster.node(n).pid());
    }
    List<Usage> usages = usages(cluster);
    List<Duration> cpuBefore = cpu(cluster);
    Traffic before = Traffic.now();
    LockSupport.parkNanos(options.idle().toNanos());
    Traffic after = Traffic.now();
    List<Duration> cpuAfter = cpu(cluster);
    Balance balance = Balance.now(cluster);

    out.printf("%n%s, idle for %d s%n", state, options.idle().toSeconds());
    out.println(
        "node  replicas  leads  resident MiB  live heap MiB  threads  CPU s  gossip B/s"
            + "  Raft B/s  peer B/s  packets/s  connections");
    Map<Traffic.Kind, Double> perSecond = new EnumMap<>(Traffic.Kind.class);
    for (int n = 1; n <= cluster.size(); n++) {
      var sent = after.sentSince(before, cluster.node(n).place(), pids);
      sent.forEach((kind, s) -> perSecond.merge(kind, rate(s.bytes()), Double::sum));
      Usage usage = usages.get(n - 1);
      Traffic.Sent total = Traffic.Sent.sum(sent.values());
      out.printf(
          "%-4s  %8d  %5d  %12.0f  %13.1f  %7d  %5.2f  %10.0f  %8.0f  %8.0f  %9.0f  %11d%n",
          cluster.node(n).id(),
          balance.replicas().get(n - 1),
          balance.leads().get(n - 1),
          usage.residentBytes() / MIB,
          usage.liveHeapBytes() / MIB,
          usage.threads(),
          cpuAfter.get(n - 1).minus(cpuBefore.get(n - 1)).toMillis() / 1000.0,
          rate(bytes(sent, Traffic.Kind.GOSSIP)),
          rate(bytes(sent, Traffic.Kind.RAFT)),
          rate(bytes(sent, Traffic.Kind.PEER)),
          rate(total.packets()),
          total.connections());
    }
    printTotals(usages, "in all");
    out.printf("sent by all nodes, B/s: %s%n", perSecond);
    judge(balance);
  }

  private void judge(Balance balance) {
    int replicas = Balance.spread(balance.replicas());
    int leads = Balance.spread(balance.leads());
    out.printf("balance: replicas max - min %d, leaders max - min %d%n%n", replicas, leads);
    if (replicas > 1 || leads > 1) {
      findings.add("unbalanced: replicas " + balance.replicas() + ", leaders " + balance.leads());
    }
  }

  private void printUsage(GrowingCluster cluster, String state) {
    printTotals(usages(cluster), state);
    long known = Balance.now(cluster).subjects();
    if (known != options.subjects()) {
      findings.add(
          "%d subjects were published on, leaders know %d".formatted(options.subjects(), known));
    }
  }

  private void printTotals(List<Usage> usages, String state) {
    out.printf(
        "%s: resident %.0f MiB, live heap %.1f MiB, threads %d%n",
        state,
        usages.stream().mapToLong(Usage::residentBytes).sum() / MIB,
        usages.stream().mapToLong(Usage::liveHeapBytes).sum() / MIB,
        usages.stream().mapToLong(Usage::threads).sum());
  }

  private static long bytes(Map<Traffic.Kind, Traffic.Sent> sent, Traffic.Kind kind) {
    return sent.getOrDefault(kind, Traffic.Sent.NOTHING).bytes();
  }

  private double rate(long count) {
    return count * 1000.0 / options.idle().toMillis();
  }

  private static List<Usage> usages(GrowingCluster cluster) {
    return IntStream.rangeClosed(1, cluster.size())
        .mapToObj(n -> Usage.of(cluster.node(n)))
        .toList();
  }

  private static List<Duration> cpu(GrowingCluster cluster) {
    return IntStream.rangeClosed(1, cluster.size())
        .mapToObj(n -> Usage.cpu(cluster.node(n)))
        .toList();
  }

  private void say(String event) {
    long millis = Duration.ofNanos(System.nanoTime() - startedAtNanos).toMillis();
    out.printf("%6.1f s  %s%n", millis / 1000.0, event);
  }
}
