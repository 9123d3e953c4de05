package org.raftbroker.server.membership;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a provider has learned of the members: turns reports, which may repeat and contradict each
 * other, into changes that are told once each and in order. Any thread; listeners are called on the
 * one that reports, under the lock that keeps the order.
 */
public final class MemberTable {
  private static final Logger log = LoggerFactory.getLogger(MemberTable.class);

  private final Member self;
  private final Set<String> listedIds = new HashSet<>();
  private final Duration forgetAfter;
  private final InstantSource clock;
  private final List<MembershipListener> listeners = new CopyOnWriteArrayList<>();
  // Guarded by this.
  private final TreeMap<String, Row> rowById = new TreeMap<>();
  private volatile List<MemberView> members;

  private record Row(MemberView view, Instant since) {}

  /**
   * @param listed who is in the configuration; they are known before they are seen, and never
   *     forgotten
   * @param forgetAfter how long another one that is gone stays known
   */
  public MemberTable(
      Member self, Collection<Member> listed, Duration forgetAfter, InstantSource clock) {
    this.self = self;
    this.forgetAfter = forgetAfter;
    this.clock = clock;
    Instant now = clock.instant();
    for (Member member : listed) {
      listedIds.add(member.id());
      rowById.put(member.id(), new Row(new MemberView(member, Presence.UNSEEN), now));
    }
    rowById.put(self.id(), new Row(new MemberView(self, Presence.UP), now));
    members = views();
  }

  public Member self() {
    return self;
  }

  /** By rising id. Does not block. */
  public List<MemberView> members() {
    return members;
  }

  public void watch(MembershipListener listener) {
    listeners.add(listener);
  }

  /**
   * A member was seen, or it is known how it went. What is reported of this node itself is ignored:
   * it is up, and others may be behind.
   *
   * @param member with the newest addresses that are known
   */
  public synchronized void report(Member member, Presence presence) {
    if (member.id().equals(self.id())) {
      return;
    }
    Row known = rowById.get(member.id());
    MemberView now = new MemberView(member, presence);
    if (known == null || known.view.presence().yieldsTo(presence)) {
      put(now);
      tell(MemberChange.to(now));
    } else if (presence == Presence.UP && !known.view.member().equals(member)) {
      put(now);
      tell(new MemberChange(MemberChange.Kind.UPDATED, now));
    }
  }

  /** All that are there right now: who was up and is not among them has failed. */
  public synchronized void reportAll(Collection<Member> present) {
    Set<String> presentIds = new HashSet<>();
    for (Member member : present) {
      presentIds.add(member.id());
      report(member, Presence.UP);
    }
    for (MemberView view : members) {
      if (view.presence() == Presence.UP && !presentIds.contains(view.id())) {
        report(view.member(), Presence.FAILED);
      }
    }
  }

  /** Drops who has been gone for too long. To be called now and then. */
  public synchronized void forget() {
    Instant since = clock.instant().minus(forgetAfter);
    List<MemberView> old = new ArrayList<>();
    for (Row row : rowById.values()) {
      if (row.view.presence() != Presence.UP
          && !listedIds.contains(row.view.id())
          && row.since.isBefore(since)) {
        old.add(row.view);
      }
    }
    for (MemberView view : old) {
      rowById.remove(view.id());
      members = views();
      tell(new MemberChange(MemberChange.Kind.FORGOTTEN, view));
    }
  }

  private void put(MemberView view) {
    rowById.put(view.id(), new Row(view, clock.instant()));
    members = views();
  }

  private List<MemberView> views() {
    return rowById.values().stream().map(Row::view).toList();
  }

  private void tell(MemberChange change) {
    log.atInfo()
        .addKeyValue("member", change.now().id())
        .addKeyValue("grpc", change.now().member().grpc())
        .addKeyValue("raft", change.now().member().raft())
        .addKeyValue("presence", change.now().presence())
        .log("member {}", text(change.kind()));
    for (MembershipListener listener : listeners) {
      try {
        listener.onChange(change);
      } catch (RuntimeException e) {
        // A defect there; the others, and the members to come, must not suffer from it.
        log.atError().setCause(e).addKeyValue("member", change.now().id()).log("listener failed");
      }
    }
  }

  private static String text(MemberChange.Kind kind) {
    return switch (kind) {
      case JOINED -> "joined";
      case UPDATED -> "changed";
      case DOWN -> "is down";
      case LEFT -> "left for good";
      case FORGOTTEN -> "forgotten";
    };
  }
}
