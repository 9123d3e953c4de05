package org.raftbroker.server.cluster;

import java.io.IOException;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.cluster.FoundRequest;
import org.raftbroker.proto.cluster.FoundResponse;
import org.raftbroker.raft.placement.ClusterMap;
import org.raftbroker.raft.placement.ClusterMember;
import org.raftbroker.server.cluster.FoundingRound.Answer;
import org.raftbroker.server.cluster.FoundingRound.Decision;
import org.raftbroker.server.cluster.FoundingRound.Found;
import org.raftbroker.server.cluster.FoundingRound.Join;
import org.raftbroker.server.cluster.FoundingRound.Wait;
import org.raftbroker.server.peer.PeerConnections;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How this node gets into the cluster: with an empty disk it finds out whether the cluster is new
 * or exists, and then it sees to it that the cluster map has it as it is. On a thread of its own.
 */
public final class Entrance implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Entrance.class);

  private static final long PERIOD_MILLIS = 250;
  private static final long CHANGE_SECONDS = 15;

  private final Disk disk;
  private final ClusterMember self;
  private final String terms;
  private final List<String> firstMembers;
  private final PeerConnections peers;
  private final CurrentMap current;
  private final MapEditor editor;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread t = new Thread(task, "entrance");
            t.setDaemon(true);
            return t;
          });

  // What keeps this node outside; null: it is in.
  private volatile @Nullable String waitsFor = "the node has just started";
  private boolean registered;
  private volatile boolean removed;

  /** This node's disk, as far as getting in needs it. */
  public interface Disk {
    /** Whether it has no part in the cluster yet. */
    boolean isUndecided();

    /** Whether there is no replica on it. */
    boolean isEmpty();

    /** Begin a new cluster. */
    void found(SortedMap<String, String> diskByFounder) throws IOException;

    /** Come to the cluster as one who has nothing. */
    void join() throws IOException;
  }

  /**
   * @param self as it is to be in the cluster map
   * @param terms what founders must agree on
   * @param firstMembers ids of those that a new cluster is founded by
   */
  public Entrance(
      Disk disk,
      ClusterMember self,
      String terms,
      List<String> firstMembers,
      PeerConnections peers,
      CurrentMap current,
      MapEditor editor) {
    this.disk = disk;
    this.self = self;
    this.terms = terms;
    this.firstMembers = List.copyOf(firstMembers);
    this.peers = peers;
    this.current = current;
    this.editor = editor;
  }

  public void start() {
    var unused = thread.scheduleWithFixedDelay(this::look, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** What keeps this node out of the cluster, for people; null: nothing. Any thread. */
  public @Nullable String waitsFor() {
    return waitsFor;
  }

  /**
   * Whether this node was a member, and the others have taken it out of the cluster. Any thread.
   */
  public boolean wasRemoved() {
    return removed;
  }

  private void look() {
    try {
      if (disk.isUndecided()) {
        decide();
      } else if (!registered) {
        register();
      } else if (current.map().member(self.id()) == null) {
        removed = true;
        wait("this node was removed from the cluster; stop it, or restart it to add it again");
      } else {
        waitsFor = null;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException e) {
      log.atError().setCause(e).log("this node cannot enter the cluster; it tries again");
      waitsFor = String.valueOf(e.getMessage());
    }
  }

  private void wait(String why) {
    // Numbers in it change all the time; what is the matter does not.
    String before = waitsFor;
    if (before == null || !withoutNumbers(why).equals(withoutNumbers(before))) {
      log.atInfo().addKeyValue("why", why).log("this node is not in the cluster");
    }
    waitsFor = why;
  }

  private static String withoutNumbers(String text) {
    return text.replaceAll("[0-9]", "");
  }

  private void decide() throws IOException, InterruptedException {
    if (!firstMembers.contains(self.id())) {
      disk.join();
      log.atInfo().log("this node is none of the first members; it joins the cluster");
      return;
    }
    Decision decision = FoundingRound.decide(self.id(), self.disk(), terms, askAll());
    if (decision instanceof Found found) {
      log.atInfo()
          .addKeyValue("founders", found.diskByFounder().keySet())
          .log("the cluster is new, and this node is one of its first");
      disk.found(found.diskByFounder());
    } else if (decision instanceof Join join) {
      log.atWarn()
          .addKeyValue("why", join.why())
          .log("the cluster exists, and this node comes to it with an empty disk");
      disk.join();
    } else if (decision instanceof Wait wait) {
      wait(wait.why());
    }
  }

  private SortedMap<String, @Nullable Answer> askAll() throws InterruptedException {
    FoundRequest question =
        FoundRequest.newBuilder()
            .setMemberId(self.id())
            .setDisk(self.disk())
            .setTerms(terms)
            .build();
    SortedMap<String, CompletableFuture<FoundResponse>> questions = new TreeMap<>();
    for (String id : firstMembers) {
      if (!id.equals(self.id())) {
        questions.put(id, peers.found(id, question));
      }
    }
    SortedMap<String, @Nullable Answer> answers = new TreeMap<>();
    for (String id : questions.keySet()) {
      answers.put(id, answer(id, questions.get(id)));
    }
    return answers;
  }

  private static @Nullable Answer answer(
      String id, @Nullable CompletableFuture<FoundResponse> response) throws InterruptedException {
    if (response == null) {
      return null;
    }
    try {
      FoundResponse said = response.get();
      return new Answer(
          said.getMemberId(),
          said.getDisk(),
          said.getTerms(),
          said.getFounded(),
          said.getFoundersMap());
    } catch (ExecutionException e) {
      log.atDebug().setCause(e).addKeyValue("member", id).log("no answer");
      return null;
    }
  }

  /** The cluster map is to have this node, with its addresses and its disk. */
  private void register() throws InterruptedException {
    if (!current.isKnown()) {
      wait("no node that answers knows the cluster map yet");
      return;
    }
    ClusterMember known = current.map().member(self.id());
    if (known != null
        && !known.disk().isEmpty()
        && !known.disk().equals(self.disk())
        && !disk.isEmpty()) {
      wait(
          "another disk has taken the place of this node's since it was last here (the cluster knows "
              + known.disk()
              + ", this is "
              + self.disk()
              + "); stop this node, or let it start with an empty directory (node.dataDir)");
      return;
    }
    try {
      editor.change(this::withSelf).get(CHANGE_SECONDS, TimeUnit.SECONDS);
      registered = true;
      waitsFor = null;
    } catch (ExecutionException | TimeoutException e) {
      wait("the cluster map cannot be changed now: " + rootMessage(e));
    }
  }

  private static String rootMessage(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }

  private ClusterMap withSelf(ClusterMap map) {
    ClusterMember known = map.member(self.id());
    return map.withMember(known == null ? self : self.withState(known.state()));
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
