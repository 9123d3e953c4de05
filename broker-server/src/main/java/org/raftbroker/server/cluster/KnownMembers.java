package org.raftbroker.server.cluster;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.raftbroker.raft.placement.ClusterMap;
import org.raftbroker.raft.placement.ClusterMember;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.MemberChange;
import org.raftbroker.server.membership.MemberView;
import org.raftbroker.server.membership.Membership;
import org.raftbroker.server.membership.MembershipListener;
import org.raftbroker.server.membership.Presence;

/**
 * The members that membership reports, and those that only the cluster map has: a node that nobody
 * sees at the moment can still be asked for by its name, and where membership sees nobody, as a
 * static one, the map is all that there is. Any thread.
 */
public final class KnownMembers implements Membership {
  private final Membership reported;
  private final CurrentMap current;
  private final Presence unreported;
  private final List<MembershipListener> listeners = new CopyOnWriteArrayList<>();

  // Only touched on the thread that brings maps.
  private ClusterMap before;

  /**
   * @param unreported what is to be said of members that only the map has
   */
  public KnownMembers(Membership reported, CurrentMap current, Presence unreported) {
    this.reported = reported;
    this.current = current;
    this.unreported = unreported;
    this.before = current.map();
    current.watch(this::follow);
  }

  @Override
  public Member self() {
    return reported.self();
  }

  @Override
  public List<MemberView> members() {
    Map<String, MemberView> byId = new TreeMap<>();
    for (ClusterMember member : current.map().members().values()) {
      byId.put(member.id(), new MemberView(member(member), unreported));
    }
    for (MemberView seen : reported.members()) {
      ClusterMember mapped = current.map().member(seen.id());
      // What is seen now is newer than what was written down; what was only configured is older.
      boolean isGuess = seen.presence() == Presence.UNSEEN || unreported == Presence.UP;
      boolean isSelf = seen.id().equals(self().id());
      byId.put(
          seen.id(),
          mapped != null && isGuess && !isSelf && current.isKnown()
              ? new MemberView(member(mapped), seen.presence())
              : seen);
    }
    return new ArrayList<>(byId.values());
  }

  private static Member member(ClusterMember mapped) {
    return new Member(
            mapped.id(),
            Address.parse(mapped.grpc()),
            Address.parse(mapped.raft()),
            Address.parse(mapped.http()))
        .withDisk(mapped.disk());
  }

  @Override
  public void watch(MembershipListener listener) {
    listeners.add(listener);
    reported.watch(listener);
  }

  private void follow(ClusterMap map) {
    for (ClusterMember member : map.members().values()) {
      ClusterMember known = before.member(member.id());
      if (known == null || !known.grpc().equals(member.grpc())) {
        MemberView view = view(member);
        listeners.forEach(
            listener -> listener.onChange(new MemberChange(MemberChange.Kind.UPDATED, view)));
      }
    }
    before = map;
  }

  private MemberView view(ClusterMember mapped) {
    MemberView seen = reportedView(mapped.id());
    return new MemberView(member(mapped), seen == null ? unreported : seen.presence());
  }

  private @Nullable MemberView reportedView(String id) {
    return reported.members().stream()
        .filter(view -> view.id().equals(id))
        .findFirst()
        .orElse(null);
  }

  @Override
  public void start() throws IOException {
    reported.start();
  }

  @Override
  public void leave() {
    reported.leave();
  }

  @Override
  public void close() {
    reported.close();
  }
}
