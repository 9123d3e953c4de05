package org.raftbroker.raft.ratis;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.GroupInfoReply;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.retry.RetryPolicies;
import org.apache.ratis.thirdparty.io.grpc.StatusRuntimeException;
import org.apache.ratis.util.TimeDuration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who votes in one shard's Raft group: asks its leader, wherever that is, and has it changed there,
 * one step at a time. A step that was overtaken by another one is refused, so two who change a
 * group at the same moment never undo each other's work. Any thread; blocks.
 */
final class Voters {
  private static final Logger log = LoggerFactory.getLogger(Voters.class);

  /**
   * The leader answers when the new voter has caught up. If that takes longer it goes on anyway;
   * whoever waited asks again.
   */
  private static final TimeDuration CHANGE_TIMEOUT = TimeDuration.valueOf(30, TimeUnit.SECONDS);

  private static final TimeDuration QUESTION_TIMEOUT = TimeDuration.valueOf(2, TimeUnit.SECONDS);

  private final RaftGroupId group;
  private final RaftPeers peers;
  private final Supplier<List<String>> likely;
  private final RaftProperties questions;
  private final RaftProperties changes;

  /**
   * @param likely members that probably have a replica: they are asked first
   */
  Voters(RaftGroupId group, RaftPeers peers, Supplier<List<String>> likely, RaftProperties base) {
    this.group = group;
    this.peers = peers;
    this.likely = likely;
    this.questions = new RaftProperties(base);
    RaftClientConfigKeys.Rpc.setRequestTimeout(questions, QUESTION_TIMEOUT);
    this.changes = new RaftProperties(base);
    RaftClientConfigKeys.Rpc.setRequestTimeout(changes, CHANGE_TIMEOUT);
  }

  /**
   * What a leader says of its group.
   *
   * @param isChanging whether a change is under way; {@code voters} are those after it
   */
  record Known(RaftPeerId leader, List<RaftPeer> voters, boolean isChanging) {
    boolean has(RaftPeerId id) {
      return voters.stream().anyMatch(voter -> voter.getId().equals(id));
    }
  }

  /**
   * Asks one member after the other, but not this one; null if none of them leads, or none answers.
   * That the one who answers still leads is confirmed by a majority.
   */
  @Nullable Known ask(@Nullable RaftPeerId butNot) throws IOException {
    Set<RaftPeer> inOrder = new LinkedHashSet<>(peers.of(likely.get()));
    List<RaftPeer> all = peers.all();
    inOrder.addAll(all);
    try (RaftClient client = client(all, null, questions)) {
      for (RaftPeer peer : inOrder) {
        Known known = peer.getId().equals(butNot) ? null : ask(client, peer.getId());
        if (known != null) {
          return known;
        }
      }
    }
    return null;
  }

  private @Nullable Known ask(RaftClient client, RaftPeerId peer) {
    try {
      GroupInfoReply info = client.getGroupManagementApi(peer).info(group);
      if (!info.isSuccess() || info.getRoleInfoProto().getRole() != RaftPeerRole.LEADER) {
        return null;
      }
      if (info.getConf().isEmpty() || !client.io().sendReadOnly(Message.EMPTY, peer).isSuccess()) {
        return null;
      }
      return known(peer, info.getConf().get());
    } catch (IOException | StatusRuntimeException e) { // the latter: it has no such group
      log.atDebug().setCause(e).addKeyValue("peer", peer).log("no answer; asking the next");
      return null;
    }
  }

  private static Known known(RaftPeerId leader, RaftConfigurationProto conf) {
    return new Known(
        leader,
        conf.getPeersList().stream().map(Voters::peer).toList(),
        conf.getOldPeersCount() > 0);
  }

  private static RaftPeer peer(RaftPeerProto proto) {
    return RaftPeer.newBuilder()
        .setId(RaftPeerId.valueOf(proto.getId()))
        .setAddress(proto.getAddress())
        .build();
  }

  /**
   * Adds a voter. It is not one before it has been sent everything.
   *
   * @throws IOException if it is not one yet, or nobody knows
   */
  void add(Known known, RaftPeer voter) throws IOException {
    change(
        known,
        SetConfigurationRequest.Arguments.newBuilder()
            .setServersInNewConf(List.of(voter))
            .setMode(SetConfigurationRequest.Mode.ADD)
            .build());
  }

  /**
   * Removes voters.
   *
   * @throws IOException if the group is not as {@code known} any more, or nobody knows
   */
  void keepOnly(Known known, Predicate<RaftPeerId> kept) throws IOException {
    change(
        known,
        SetConfigurationRequest.Arguments.newBuilder()
            .setServersInCurrentConf(known.voters)
            .setServersInNewConf(known.voters.stream().filter(v -> kept.test(v.getId())).toList())
            .setMode(SetConfigurationRequest.Mode.COMPARE_AND_SET)
            .build());
  }

  private void change(Known known, SetConfigurationRequest.Arguments wanted) throws IOException {
    List<RaftPeer> all = peers.all();
    try (RaftClient client = client(all, known.leader, changes)) {
      RaftClientReply reply = client.admin().setConfiguration(wanted);
      if (!reply.isSuccess()) {
        throw new IOException("the leader refused to change its voters", reply.getException());
      }
    }
  }

  /** Asks the leader to hand over to {@code target}. */
  boolean transferLeadership(RaftPeerId leader, RaftPeerId target, long timeoutMillis)
      throws IOException {
    try (RaftClient client = client(peers.all(), leader, questions)) {
      return client.admin().transferLeadership(target, timeoutMillis).isSuccess();
    }
  }

  private RaftClient client(
      List<RaftPeer> all, @Nullable RaftPeerId leader, RaftProperties properties) {
    return RaftClient.newBuilder()
        .setRaftGroup(RaftGroup.valueOf(group, all))
        .setLeaderId(leader)
        .setProperties(properties)
        .setRetryPolicy(RetryPolicies.noRetry())
        .build();
  }
}
