package org.raftbroker.server.membership.serf;

import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.msgpack.value.Value;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.MemberTable;
import org.raftbroker.server.membership.MemberView;
import org.raftbroker.server.membership.Membership;
import org.raftbroker.server.membership.MembershipListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Members as the Serf agent beside this node reports them. Serf watches its agents: if one fails,
 * so has the member that it announces; if only the broker beside it crashed, Serf does not notice.
 *
 * <p>While the agent is away, what was last known stays, and this node announces itself again when
 * the agent is back. Listeners are called on the thread {@code serf}.
 */
public final class SerfMembership implements Membership {
  private static final Logger log = LoggerFactory.getLogger(SerfMembership.class);

  private static final String EVENTS =
      "member-join,member-leave,member-failed,member-update,member-reap";

  /** The agent is on this machine. */
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(3);

  private static final Duration FIRST_RECONNECT = Duration.ofMillis(100);

  /** The agent drops events for a client that is slow, and does not say so. */
  private static final Duration REFRESH_INTERVAL = Duration.ofSeconds(20);

  private final String cluster;
  private final SerfConfig config;
  private final MemberTable table;
  private final Thread reader = new Thread(this::run, "serf");
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "serf-timer");
            thread.setDaemon(true);
            return thread;
          });
  private Map<String, String> tags = Map.of(); // set by start, before the threads
  private volatile @Nullable SerfConnection connection;
  private final CountDownLatch closed = new CountDownLatch(1);
  private boolean inTouch; // Only touched on the reader's thread.
  private boolean saidGoodBye; // Only touched on the thread that leaves and closes.

  /**
   * @param listed the members in the configuration
   * @param cluster agents that announce a member of another name are ignored
   * @param forgetAfter how long a member that is gone and not listed stays known
   */
  public SerfMembership(
      Member self,
      Collection<Member> listed,
      String cluster,
      SerfConfig config,
      Duration forgetAfter,
      InstantSource clock) {
    this.cluster = cluster;
    this.config = config;
    this.table = new MemberTable(self, listed, forgetAfter, clock);
    reader.setDaemon(true);
  }

  @Override
  public Member self() {
    return table.self();
  }

  @Override
  public List<MemberView> members() {
    return table.members();
  }

  @Override
  public void watch(MembershipListener listener) {
    table.watch(listener);
  }

  /**
   * Does not wait for the agent: it may come later.
   *
   * @throws IOException if the addresses of this node are too long for Serf
   */
  @Override
  public void start() throws IOException {
    tags = SerfTags.of(cluster, self());
    reader.start();
    var unused =
        timer.scheduleWithFixedDelay(
            this::refresh,
            REFRESH_INTERVAL.toMillis(),
            REFRESH_INTERVAL.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  private void refresh() {
    table.forget();
    SerfConnection open = connection;
    if (open != null) {
      try {
        open.askForMembers();
      } catch (IOException e) {
        // The reader finds out as well, and does what is to be done.
        log.atDebug().setCause(e).log("the Serf agent cannot be asked");
      }
    }
  }

  private void run() {
    SerfView view = new SerfView(cluster, table);
    Duration wait = FIRST_RECONNECT;
    boolean warned = false;
    while (closed.getCount() > 0) {
      try (SerfConnection open =
          SerfConnection.open(config.rpc(), config.authKey(), ANSWER_TIMEOUT)) {
        connection = open;
        follow(open, view);
      } catch (IOException e) {
        boolean wasInTouch = inTouch;
        connection = null;
        inTouch = false;
        if (wasInTouch) {
          wait = FIRST_RECONNECT;
          warned = false;
        }
        if (!warned && closed.getCount() > 0) {
          log.atWarn()
              .addKeyValue("agent", config.rpc())
              .log(
                  "no Serf agent ({}); what was last known of the members stays until there is"
                      + " one (membership.serf)",
                  e.getMessage());
          warned = true;
        }
      }
      wait = pause(wait);
    }
  }

  /** Returns how long to wait the next time. */
  private Duration pause(Duration wait) {
    try {
      var unused = closed.await(wait.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts this thread", e);
    }
    Duration twice = wait.multipliedBy(2);
    return twice.compareTo(config.reconnectInterval()) < 0 ? twice : config.reconnectInterval();
  }

  /** Announces this node and takes in what the agent tells, until the connection breaks. */
  private void follow(SerfConnection open, SerfView view) throws IOException {
    var unused = open.setTags(tags, List.of(SerfTags.STATE));
    // In this order: what happens between the two answers is in both, and not in neither.
    open.stream(EVENTS);
    open.askForMembers();
    while (true) {
      Map<Value, Value> body = open.read();
      if (body == null) {
        continue;
      }
      String event = SerfMember.eventOf(body);
      List<SerfMember> members = SerfMember.listIn(body);
      if (event.isEmpty()) {
        if (!inTouch) {
          log.atInfo().addKeyValue("agent", config.rpc()).log("the Serf agent is there");
        }
        inTouch = true;
        view.onMembers(members);
      } else {
        view.onEvent(event, members);
      }
    }
  }

  /** The agent goes on: it may serve others, and says of this node that it has left. */
  @Override
  public void leave() {
    sayGoodBye(SerfTags.LEFT);
  }

  @Override
  public void close() {
    sayGoodBye(SerfTags.STOPPED);
    closed.countDown();
    timer.shutdownNow();
    SerfConnection open = connection;
    if (open != null) {
      open.close();
    }
  }

  private void sayGoodBye(String state) {
    SerfConnection open = connection;
    if (open == null || saidGoodBye) {
      return;
    }
    saidGoodBye = true;
    try {
      open.setTags(Map.of(SerfTags.STATE, state), List.of())
          .get(ANSWER_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | ExecutionException | TimeoutException e) {
      log.atInfo()
          .addKeyValue("agent", config.rpc())
          .log("no good-bye to the other members ({}); they will miss this one", e.getMessage());
    }
  }
}
