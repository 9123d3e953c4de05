package org.raftbroker.raft.ratis;

import java.io.IOException;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.jspecify.annotations.Nullable;
import org.raftbroker.raft.ratis.Quarantine.Mark;
import org.raftbroker.raft.ratis.Quarantine.Step;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of a replica into its group, without an operator: of a new one, of one whose disk was
 * lost, of one that was damaged. First the others agree to go on without its vote, if it has one;
 * what is left of its files is set aside; it starts empty, and the leader sends it a snapshot and
 * the log behind it before it counts as a voter. Each step can be repeated, so a crash in between
 * does no harm. Where too few voters are left to agree, nothing happens: what to do then is for
 * people to decide.
 *
 * <p>One thread at a time; may block for half a minute.
 */
final class Arrival {
  private static final Logger log = LoggerFactory.getLogger(Arrival.class);

  private final RatisReplica replica;
  private final Quarantine quarantine;
  private final Voters voters;
  private final RaftPeers peers;
  private final RaftPeerId self;

  Arrival(RatisReplica replica, Voters voters, RaftPeers peers, RaftPeerId self) {
    this.replica = replica;
    this.quarantine = replica.quarantine();
    this.voters = voters;
    this.peers = peers;
    this.self = self;
  }

  /**
   * Goes as far as it can now.
   *
   * @param wanted whether there is to be a replica here at all
   */
  void goOn(boolean wanted) throws IOException {
    Mark mark = quarantine.mark();
    if (mark == null) {
      return;
    }
    Voters.Known known = voters.ask(self);
    if (known == null || known.isChanging()) {
      return;
    }
    if (mark.step() == Step.FOUND) {
      if (known.has(self)) {
        voters.keepOnly(known, id -> !id.equals(self));
      }
      mark = reached(Step.LEFT, mark);
    }
    if (mark.step() == Step.LEFT) {
      replica.setAsideFiles(mark.isNew() ? null : quarantine.keptFiles());
      mark = reached(Step.REJOINING, mark);
    }
    if (mark.step() == Step.REJOINING) {
      if (wanted) {
        join();
      } else {
        leave();
      }
    }
  }

  private Mark reached(Step step, Mark before) throws IOException {
    Mark mark = new Mark(step, before.why(), before.isNew());
    quarantine.set(mark);
    log.atInfo()
        .addKeyValue("shard", replica.number())
        .addKeyValue("step", step)
        .log("replica on its way into its group");
    return mark;
  }

  private void join() throws IOException {
    replica.ensureStartedEmpty();
    Voters.Known known = voters.ask(self);
    RaftPeer own = peers.get(self);
    if (known == null || own == null) {
      return;
    }
    if (!known.has(self)) {
      voters.add(known, own);
    }
    replica.arrived();
    log.atInfo().addKeyValue("shard", replica.number()).log("replica is up to date and votes");
  }

  /** It is not wanted any more. */
  private void leave() throws IOException {
    Voters.@Nullable Known known = voters.ask(self);
    if (known == null) {
      return;
    }
    if (known.has(self)) {
      voters.keepOnly(known, id -> !id.equals(self));
    }
    replica.delete();
  }
}
