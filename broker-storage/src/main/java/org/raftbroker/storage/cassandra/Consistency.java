package org.raftbroker.storage.cassandra;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * How many replicas of a row must answer, by Cassandra's names.
 *
 * <p>What is archived leaves the brokers' own disks. So writes and reads together must reach more
 * replicas than there are, or a read may miss what was written, and less than a majority may forget
 * it: {@link #ONE} and {@link #LOCAL_ONE} are for a keyspace with one replica.
 */
public enum Consistency {
  ONE,
  TWO,
  THREE,
  QUORUM,
  ALL,
  LOCAL_QUORUM,
  LOCAL_ONE;

  static String names() {
    return Arrays.stream(values()).map(Enum::name).collect(Collectors.joining(", "));
  }
}
