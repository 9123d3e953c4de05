package org.raftbroker.server.membership;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;

/** What a listener was told, as lines. */
public final class RecordedChanges implements MembershipListener {
  private final List<String> lines = new CopyOnWriteArrayList<>();

  /** Listens from now on. */
  public static RecordedChanges of(Membership membership) {
    RecordedChanges changes = new RecordedChanges();
    membership.watch(changes);
    return changes;
  }

  @Override
  public void onChange(MemberChange change) {
    lines.add(change.now().id() + " " + change.kind() + " " + change.now().presence());
  }

  public List<String> lines() {
    return lines;
  }

  /** Listeners are told a moment after the members show it: waits for as many, and compares. */
  public void expect(String... wanted) {
    Awaitility.await("as many changes are told")
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> assertThat(lines).hasSizeGreaterThanOrEqualTo(wanted.length));
    assertThat(lines).containsExactly(wanted);
  }
}
