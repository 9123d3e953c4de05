package org.raftbroker.raft.ratis;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.jspecify.annotations.Nullable;
import org.raftbroker.raft.placement.ClusterMap;

/**
 * Where the members' Raft servers are: as the configuration says at first, then as the cluster map
 * does. Any thread.
 */
final class RaftPeers {
  private volatile Map<String, RaftPeer> peerById;

  RaftPeers(SortedMap<String, String> addressById) {
    this.peerById = peers(addressById);
  }

  /** Members that the map no longer has stay known: they may be what is left of a group. */
  void learn(ClusterMap map) {
    SortedMap<String, String> addressById = new TreeMap<>();
    peerById.forEach((id, peer) -> addressById.put(id, peer.getAddress()));
    map.members().forEach((id, member) -> addressById.put(id, member.raft()));
    peerById = peers(addressById);
  }

  private static Map<String, RaftPeer> peers(SortedMap<String, String> addressById) {
    Map<String, RaftPeer> peers = new TreeMap<>();
    addressById.forEach(
        (id, address) ->
            peers.put(id, RaftPeer.newBuilder().setId(id).setAddress(address).build()));
    return Map.copyOf(peers);
  }

  @Nullable RaftPeer get(RaftPeerId id) {
    return peerById.get(id.toString());
  }

  /** Of those ids that are known; by rising id. */
  List<RaftPeer> of(List<String> ids) {
    List<RaftPeer> peers = new ArrayList<>();
    for (String id : ids.stream().sorted().toList()) {
      RaftPeer peer = peerById.get(id);
      if (peer != null) {
        peers.add(peer);
      }
    }
    return peers;
  }

  List<RaftPeer> all() {
    return of(List.copyOf(peerById.keySet()));
  }
}
