package org.raftbroker.server.membership.kubernetes;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.MemberChange;
import org.raftbroker.server.membership.MemberView;
import org.raftbroker.server.membership.Membership;
import org.raftbroker.server.membership.MembershipListener;
import org.raftbroker.server.membership.Presence;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The members that another membership reports, of whom those that are down and whose pods were
 * scaled away are {@link Presence#LEFT}. A member's id is the name of its pod; one whose id is not
 * is left as reported. So is one that is up, whatever Kubernetes says: a pod that was deleted by
 * force may run on. How long it takes and what must be certain is at {@link Departures}.
 *
 * <p>Listeners are called on the thread {@code kubernetes} and on those of the other membership,
 * one change after the other.
 */
public final class KubernetesMembership implements Membership {
  private static final Logger log = LoggerFactory.getLogger(KubernetesMembership.class);

  private static final long LOOK_PERIOD_MILLIS = 500;

  private final Membership reported;
  private final StatefulSetWatch watch;
  private final LongSupplier nanoTime;
  private final List<MembershipListener> listeners = new CopyOnWriteArrayList<>();
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread t = new Thread(task, "kubernetes");
            t.setDaemon(true);
            return t;
          });

  // Only touched on the thread.
  private final Departures departures;
  private View<Pod> pods = View.none();
  private View<Ordinals> statefulSets = View.none();

  private volatile Set<String> gone = Set.of();

  // Guarded by this: of whom it was told that they left.
  private final Set<String> told = new HashSet<>();

  /**
   * @param reported not started; started, left and closed by this one
   * @param watch the same
   * @param nanoTime a clock that only goes forward
   */
  public KubernetesMembership(
      Membership reported, KubernetesConfig config, StatefulSetWatch watch, LongSupplier nanoTime) {
    this.reported = reported;
    this.watch = watch;
    this.nanoTime = nanoTime;
    this.departures = new Departures(config.statefulSet(), config.goneAfter(), watch::ask);
    reported.watch(this::onReported);
  }

  @Override
  public Member self() {
    return reported.self();
  }

  @Override
  public List<MemberView> members() {
    Set<String> left = gone;
    return reported.members().stream().map(view -> shown(view, left)).toList();
  }

  private static MemberView shown(MemberView view, Set<String> left) {
    return view.presence().isDown() && left.contains(view.id())
        ? new MemberView(view.member(), Presence.LEFT)
        : view;
  }

  @Override
  public void watch(MembershipListener listener) {
    listeners.add(listener);
  }

  @Override
  public void start() throws IOException {
    watch.start((somePods, sets) -> thread.execute(() -> onView(somePods, sets)));
    var unused =
        thread.scheduleWithFixedDelay(
            this::look, LOOK_PERIOD_MILLIS, LOOK_PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    try {
      reported.start();
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  private void onView(View<Pod> somePods, View<Ordinals> sets) {
    pods = somePods;
    statefulSets = sets;
    look();
  }

  private void look() {
    try {
      List<String> ids = reported.members().stream().map(MemberView::id).toList();
      Set<String> now = departures.look(pods, statefulSets, ids, nanoTime.getAsLong());
      if (!now.equals(gone)) {
        onGone(now);
      }
    } catch (RuntimeException e) {
      log.atError().setCause(e).log("cannot tell who was scaled away; tried again");
    }
  }

  private synchronized void onGone(Set<String> now) {
    gone = now;
    for (MemberView view : reported.members()) {
      if (!view.presence().isDown()) {
        continue;
      }
      if (now.contains(view.id())) {
        if (told.add(view.id())) {
          tell(new MemberChange(MemberChange.Kind.LEFT, shown(view, now)));
        }
      } else if (told.remove(view.id())) {
        tell(new MemberChange(MemberChange.Kind.DOWN, view));
      }
    }
  }

  private synchronized void onReported(MemberChange change) {
    String id = change.now().id();
    MemberView view = shown(change.now(), gone);
    if (view.presence() != Presence.LEFT) {
      told.remove(id);
      tell(change);
      return;
    }
    boolean isNews = told.add(id);
    switch (change.kind()) {
      case FORGOTTEN -> {
        told.remove(id);
        tell(new MemberChange(MemberChange.Kind.FORGOTTEN, view));
      }
      case UPDATED -> tell(new MemberChange(isNews ? MemberChange.Kind.LEFT : change.kind(), view));
      case JOINED, DOWN, LEFT -> {
        if (isNews) {
          tell(new MemberChange(MemberChange.Kind.LEFT, view));
        }
      }
    }
  }

  private void tell(MemberChange change) {
    for (MembershipListener listener : listeners) {
      try {
        listener.onChange(change);
      } catch (RuntimeException e) {
        // A defect there; the others, and the members to come, must not suffer from it.
        log.atError().setCause(e).addKeyValue("member", change.now().id()).log("listener failed");
      }
    }
  }

  /** For tests: returns when all that was seen before has been looked at. */
  void awaitLook() throws InterruptedException, ExecutionException {
    thread.submit(this::look).get();
  }

  @Override
  public void leave() {
    reported.leave();
  }

  @Override
  public void close() {
    reported.close();
    watch.close();
    thread.shutdownNow();
  }
}
