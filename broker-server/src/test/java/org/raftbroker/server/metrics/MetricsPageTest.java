package org.raftbroker.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.raftbroker.raft.ReplicaStatus;
import org.raftbroker.raft.Shards;
import org.raftbroker.server.delivery.Lag;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.fixed.StaticMembership;
import org.raftbroker.storage.ArchiveState;

/** {@code docs/operations.md} explains every metric of the broker, and none that is not there. */
class MetricsPageTest {
  private static final Pattern EXPOSED = Pattern.compile("# TYPE (broker_[a-z_]+) [a-z]+");
  private static final Pattern EXPLAINED = Pattern.compile("`(broker_[a-z_]+)`");

  private static final ReplicaStatus FOLLOWER =
      new ReplicaStatus(
          0, ReplicaStatus.Role.FOLLOWER, "n2", 1, 1, 1, -1, 0, 0, null, ArchiveState.NONE);

  private static final Address ANYWHERE = new Address("127.0.0.1", 1);
  private static final Member ALONE = new Member("n1", ANYWHERE, ANYWHERE, ANYWHERE);

  @Test
  void explainsEveryMetric() throws IOException {
    String page = Files.readString(Path.of("../docs/operations.md"));
    try (BrokerMetrics metrics = new BrokerMetrics()) {
      metrics.watch(new Shards(List.of(new ScriptedShard(FOLLOWER))));
      metrics.watch(new ScriptedDelivery(1, new Lag(0, 0)));
      metrics.watch(new StaticMembership(ALONE, List.of()));
      metrics.watch(Path.of("."));
      metrics.onError("Publish", Status.Code.UNAVAILABLE, "NO_QUORUM");

      SortedSet<String> exposed = matches(EXPOSED, metrics.scrape());
      // The longest of each histogram, which Micrometer adds.
      exposed.removeIf(name -> name.endsWith("_max"));

      assertThat(matches(EXPLAINED, page)).isEqualTo(exposed).hasSizeGreaterThan(20);
    }
  }

  private static SortedSet<String> matches(Pattern pattern, String text) {
    SortedSet<String> names = new TreeSet<>();
    Matcher matcher = pattern.matcher(text);
    while (matcher.find()) {
      names.add(matcher.group(1));
    }
    return names;
  }
}
