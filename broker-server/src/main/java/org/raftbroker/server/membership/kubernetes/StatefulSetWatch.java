package org.raftbroker.server.membership.kubernetes;

import java.io.IOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.raftbroker.server.membership.Address;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's StatefulSet and its pods, as the API server has them. Looking at it never blocks, and
 * needs no API server: what was known last is enough to find others. Any thread; changes are told
 * on threads of its own, one after the other.
 */
public final class StatefulSetWatch implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(StatefulSetWatch.class);

  /** How long a start waits for the first contacts. Without any, the others find this node. */
  private static final Duration FIRST_VIEW_TIMEOUT = Duration.ofSeconds(3);

  private final KubernetesConfig config;
  private final String self;
  private final ServiceAccount account;
  private final ApiServer api;
  private final CountDownLatch seenPods = new CountDownLatch(1);
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "kubernetes-timer");
            thread.setDaemon(true);
            return thread;
          });

  // Set once by start, before its threads are there.
  private volatile @Nullable Watches watches;

  // Guarded by this, as are the two below; contacts are looked up without it.
  private BiConsumer<View<Pod>, View<Ordinals>> viewer = (nobody, yet) -> {};
  private View<Ordinals> statefulSets = View.none();
  private boolean warnedOfSelf;
  private volatile View<Pod> pods = View.none();

  private record Watches(
      Resource podResource,
      Resource statefulSetResource,
      ResourceWatch<Pod> pods,
      ResourceWatch<Ordinals> statefulSets) {}

  /** What the API server says when it is asked again. */
  enum Answer {
    /** There is no such pod, and the StatefulSet does not want one. */
    GONE,
    WANTED_OR_THERE,
    UNKNOWN
  }

  /**
   * @param self the name of this node's pod
   */
  public StatefulSetWatch(KubernetesConfig config, String self) {
    this.config = config;
    this.self = self;
    this.account = new ServiceAccount(config);
    this.api = new ApiServer(config, account);
  }

  /**
   * Begins to ask, and waits a moment for the first contacts. That the API server does not answer
   * is no reason not to start.
   *
   * @param onView is told of each change; must not block
   * @throws IOException if a file of the service account cannot be used, naming it
   */
  void start(BiConsumer<View<Pod>, View<Ordinals>> onView) throws IOException {
    String namespace = account.namespace();
    if (config.isSecure()) {
      var unusedToken = account.token();
      var unusedTrust = account.trust(account.ca());
    }
    synchronized (this) {
      viewer = onView;
    }
    Resource podResource = Resource.pods(namespace, config.labelSelector());
    Resource statefulSetResource = Resource.statefulSet(namespace, config.statefulSet());
    Watches all =
        new Watches(
            podResource,
            statefulSetResource,
            new ResourceWatch<>(
                "kubernetes-pods",
                api,
                podResource,
                pod -> Optional.of(Pod.of(pod)),
                config,
                timer,
                this::onPods),
            new ResourceWatch<>(
                "kubernetes-statefulset",
                api,
                statefulSetResource,
                Ordinals::of,
                config,
                timer,
                this::onStatefulSets));
    watches = all;
    all.pods.start();
    all.statefulSets.start();
    try {
      if (!seenPods.await(FIRST_VIEW_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
        log.atWarn().log("no contacts from the Kubernetes API server yet; starting without");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void onPods(View<Pod> now) {
    boolean showsSelf = now.byName().containsKey(self);
    if (now.current() && !showsSelf && !warnedOfSelf) {
      log.atWarn()
          .addKeyValue("pod", self)
          .addKeyValue("labelSelector", config.labelSelector())
          .log(
              "the pods that Kubernetes lists are without this node's own, so no missing one is"
                  + " believed to be gone; set membership.kubernetes.labelSelector and .namespace to"
                  + " the pods of the StatefulSet, and node.id to the pod's name");
    }
    warnedOfSelf = now.current() ? !showsSelf : warnedOfSelf;
    // A selector that misses what is there for certain may miss others.
    pods = showsSelf ? now : now.outdated();
    if (now.current()) {
      seenPods.countDown();
    }
    viewer.accept(pods, statefulSets);
  }

  private synchronized void onStatefulSets(View<Ordinals> now) {
    statefulSets = now;
    viewer.accept(pods, now);
  }

  /**
   * Where other pods of the StatefulSet are, as far as they have an address, by their ordinals.
   *
   * @param gossipPort the same in all pods
   */
  public List<Address> contacts(int gossipPort) {
    return pods.byName().values().stream()
        .filter(pod -> !pod.name().equals(self) && !pod.ip().isEmpty())
        .filter(pod -> ordinal(pod.name()).isPresent())
        .sorted(Comparator.comparingInt(pod -> ordinal(pod.name()).orElseThrow()))
        .map(pod -> new Address(pod.ip(), gossipPort))
        .toList();
  }

  private OptionalInt ordinal(String pod) {
    return Ordinals.ordinal(config.statefulSet(), pod);
  }

  /**
   * Asks for the pod and for the StatefulSet by their names, past every view, selector and cache:
   * such reads see all that was written before. Blocks for two {@code requestTimeout} at most.
   */
  Answer ask(String pod) {
    Watches all = watches;
    OptionalInt ordinal = ordinal(pod);
    if (all == null || ordinal.isEmpty()) {
      return Answer.UNKNOWN;
    }
    try {
      Optional<Ordinals> wanted =
          Ordinals.of(api.get(all.statefulSetResource.one(config.statefulSet())));
      if (wanted.isEmpty()) {
        return Answer.UNKNOWN;
      }
      boolean isGone =
          wanted.get().isBeyond(ordinal.getAsInt()) && !exists(all.podResource.one(pod));
      return isGone ? Answer.GONE : Answer.WANTED_OR_THERE;
    } catch (IOException e) {
      log.atDebug().setCause(e).addKeyValue("pod", pod).log("cannot ask whether a pod is gone");
      return Answer.UNKNOWN;
    }
  }

  private boolean exists(String target) throws IOException {
    try {
      var unused = api.get(target);
      return true;
    } catch (ApiException e) {
      if (e.isNoSuchObject()) {
        return false;
      }
      throw e;
    }
  }

  @Override
  public void close() {
    Watches all = watches;
    if (all != null) {
      all.pods.close();
      all.statefulSets.close();
    }
    timer.shutdownNow();
  }
}
