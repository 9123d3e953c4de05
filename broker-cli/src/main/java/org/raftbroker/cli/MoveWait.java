package org.raftbroker.cli;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.raftbroker.proto.admin.ClusterDescription;
import org.raftbroker.proto.admin.ClusterMember;

/**
 * Looks at the cluster again and again until replicas are where a command wants them, and tells
 * people how far they are. The cluster needs nobody who waits: whoever stops waiting stops nothing.
 * One thread.
 */
final class MoveWait {
  private static final Duration PERIOD = Duration.ofMillis(500);

  /** Numbers that change with every message are not shown at every look. */
  private static final Duration NUMBERS_PERIOD = Duration.ofSeconds(10);

  private final Servers servers;
  private final Terminal terminal;
  private final Duration timeout;

  // A server that has not heard of the change would describe the cluster as it was before.
  private long version;
  private String shownShape = "";
  private String shown = "";
  private long shownNanos;

  /** What there is to say, in full and without the numbers that change all the time. */
  private record News(String shape, String text) {}

  /**
   * @param changed the map after the change
   */
  MoveWait(Servers servers, Terminal terminal, Duration timeout, ClusterDescription changed) {
    this.servers = servers;
    this.terminal = terminal;
    this.timeout = timeout;
    askAlso(changed);
  }

  /**
   * Waits.
   *
   * @throws Failure if it takes too long, or will not happen
   */
  void until(MoveGoal goal) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    try {
      for (News news = look(goal); !news.text.isEmpty(); news = look(goal)) {
        show(news);
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          throw new Failure(
              "DEADLINE_EXCEEDED",
              "STILL_MOVING",
              "not done within --wait-timeout: " + news.text,
              ExitCode.UNAVAILABLE);
        }
        TimeUnit.NANOSECONDS.sleep(Math.min(left, PERIOD.toNanos()));
      }
    } catch (InterruptedException e) {
      terminal.note("it goes on without brokerctl; 'brokerctl cluster' shows how far it is");
      throw e;
    }
  }

  /** Returns what is left to be done; empty: nothing. */
  private News look(MoveGoal goal) throws InterruptedException {
    ClusterView view;
    try {
      view = ClusterSurvey.of(servers);
    } catch (Failure e) {
      if (e.exitCode() != ExitCode.UNAVAILABLE) {
        throw e;
      }
      return new News(e.code(), "no server answers: " + e.text());
    }
    ClusterDescription map = view.map();
    if (map == null || map.getVersion() < version) {
      String text = "no server that answers knows of the change yet";
      return new News(text, text);
    }
    askAlso(map);
    String left = goal.left(view);
    if (left.isEmpty()) {
      return new News("", "");
    }
    RebalanceProgress rebalance = RebalanceProgress.of(view);
    return new News(join(left, rebalance.shape()), join(left, rebalance.text()));
  }

  private static String join(String left, String rebalance) {
    return rebalance.isEmpty() ? left : left + "; " + rebalance;
  }

  private void askAlso(ClusterDescription map) {
    version = map.getVersion();
    servers
        .client()
        .alsoAsk(map.getMembersList().stream().map(ClusterMember::getGrpcAddress).toList());
  }

  private void show(News news) {
    boolean due = System.nanoTime() - shownNanos >= NUMBERS_PERIOD.toNanos();
    if (news.shape.equals(shownShape) && (!due || news.text.equals(shown))) {
      return;
    }
    terminal.note(news.text);
    shownShape = news.shape;
    shown = news.text;
    shownNanos = System.nanoTime();
  }
}
