package org.raftbroker.raft;

import java.util.List;
import org.raftbroker.message.Subject;

/** All shards of the cluster; which subject belongs to which never changes. */
public final class Shards {
  private final List<Shard> shards;

  /**
   * @param shards by number
   */
  public Shards(List<? extends Shard> shards) {
    this.shards = List.copyOf(shards);
  }

  public Shard of(Subject subject) {
    return shards.get(numberOf(subject, shards.size()));
  }

  public List<Shard> all() {
    return shards;
  }

  /**
   * FNV-1a with MurmurHash3's finalizer: spread evenly, and the same in every version and on every
   * node, which {@code String.hashCode} promises less of. Changing it moves subjects away from
   * their messages.
   */
  static int numberOf(Subject subject, int count) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : subject.utf8()) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    hash ^= hash >>> 33;
    hash *= 0xff51afd7ed558ccdL;
    hash ^= hash >>> 33;
    return (int) Long.remainderUnsigned(hash, count);
  }
}
