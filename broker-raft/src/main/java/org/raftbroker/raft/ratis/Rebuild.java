package org.raftbroker.raft.ratis;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.proto.RaftProtos.RaftPeerProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.GroupInfoReply;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.retry.RetryPolicies;
import org.apache.ratis.util.TimeDuration;
import org.jspecify.annotations.Nullable;
import org.raftbroker.raft.ratis.Quarantine.Mark;
import org.raftbroker.raft.ratis.Quarantine.Step;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way back of a damaged replica, without an operator: the others agree to go on without its
 * vote; its files are set aside; it starts empty, and the leader sends it a snapshot and the log
 * behind it before it counts as a voter again. Each step can be repeated, so a crash in between
 * does no harm. Where too few voters are left to agree, nothing happens: what to do then is for
 * people to decide.
 *
 * <p>On the maintenance thread; may block for some seconds.
 */
final class Rebuild {
  private static final Logger log = LoggerFactory.getLogger(Rebuild.class);

  /** The leader answers a change of members once the new one has caught up. */
  private static final TimeDuration CHANGE_TIMEOUT = TimeDuration.valueOf(30, TimeUnit.SECONDS);

  private final RatisReplica replica;
  private final Quarantine quarantine;
  private final RaftPeerId self;
  private final RaftProperties properties;

  Rebuild(RatisReplica replica, Quarantine quarantine, RaftPeerId self, RaftProperties base) {
    this.replica = replica;
    this.quarantine = quarantine;
    this.self = self;
    this.properties = new RaftProperties(base);
    RaftClientConfigKeys.Rpc.setRequestTimeout(properties, CHANGE_TIMEOUT);
  }

  /** Goes as far as it can now. */
  void goOn() throws IOException {
    Mark mark = quarantine.mark();
    if (mark == null) {
      return;
    }
    try (RaftClient client = client(null)) {
      Leader leader = leader(client);
      if (leader == null) {
        return;
      }
      if (mark.step() == Step.FOUND) {
        changeVoters(leader, id -> !id.equals(self));
        mark = reached(Step.LEFT, mark);
      }
      if (mark.step() == Step.LEFT) {
        replica.setAsideFiles(quarantine.keptFiles());
        mark = reached(Step.REJOINING, mark);
      }
      if (mark.step() == Step.REJOINING) {
        replica.startEmpty();
        changeVoters(leader, id -> true);
        quarantine.lift();
        log.atInfo().addKeyValue("shard", replica.number()).log("replica rebuilt; it votes again");
      }
    }
  }

  private Mark reached(Step step, Mark before) throws IOException {
    Mark mark = new Mark(step, before.why());
    quarantine.set(mark);
    log.atInfo()
        .addKeyValue("shard", replica.number())
        .addKeyValue("step", step)
        .log("damaged replica on its way back");
    return mark;
  }

  /** The voters are to be those of before that are wanted, and this replica if it is. */
  private void changeVoters(Leader leader, Predicate<RaftPeerId> wanted) throws IOException {
    List<RaftPeer> voters =
        Stream.concat(leader.voters.stream(), Stream.of(self))
            .distinct()
            .filter(wanted)
            .map(replica.group()::getPeer)
            .toList();
    try (RaftClient client = client(leader.id)) {
      RaftClientReply reply = client.admin().setConfiguration(voters);
      if (!reply.isSuccess()) {
        throw new IOException("the leader refused to change its voters", reply.getException());
      }
    }
  }

  private record Leader(RaftPeerId id, List<RaftPeerId> voters) {}

  /** Null if no other replica leads, or none answers. */
  private @Nullable Leader leader(RaftClient client) {
    for (RaftPeer peer : replica.group().getPeers()) {
      if (peer.getId().equals(self)) {
        continue;
      }
      try {
        GroupInfoReply info =
            client.getGroupManagementApi(peer.getId()).info(replica.group().getGroupId());
        if (info.getRoleInfoProto().getRole() == RaftPeerRole.LEADER
            && info.getConf().isPresent()) {
          return new Leader(
              peer.getId(),
              info.getConf().get().getPeersList().stream()
                  .map(RaftPeerProto::getId)
                  .map(RaftPeerId::valueOf)
                  .toList());
        }
      } catch (IOException e) {
        log.atDebug()
            .setCause(e)
            .addKeyValue("peer", peer.getId())
            .log("no answer; asking the next");
      }
    }
    return null;
  }

  private RaftClient client(@Nullable RaftPeerId leader) {
    return RaftClient.newBuilder()
        .setRaftGroup(replica.group())
        .setLeaderId(leader)
        .setProperties(properties)
        .setRetryPolicy(RetryPolicies.noRetry())
        .build();
  }
}
