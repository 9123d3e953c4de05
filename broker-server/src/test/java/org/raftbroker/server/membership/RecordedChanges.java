package org.raftbroker.server.membership;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

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
}
