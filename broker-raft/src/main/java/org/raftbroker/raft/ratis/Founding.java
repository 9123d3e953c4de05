package org.raftbroker.raft.ratis;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Collectors;

/**
 * How a disk became part of its cluster, written on the disk before the first vote: as one of those
 * that the cluster was founded on, or later. An empty disk says nothing; its node must not vote
 * before all founders agree that the cluster is new, because a voter that has forgotten what it
 * acknowledged would let the others lose it.
 *
 * <p>On the thread that owns the node; the answers may be read by any.
 */
final class Founding {
  private static final String STATE = "state";
  private static final String FOUNDER = "founder.";
  private static final String SHARD = "shard.";
  private static final String PENDING = "pending";

  private enum State {
    UNDECIDED,
    FOUNDED,
    JOINED
  }

  private final Path file;
  private volatile State state;
  private volatile SortedMap<String, String> diskByFounder = new TreeMap<>();
  private final SortedMap<Integer, List<String>> firstVoters = new TreeMap<>();
  // Looked at by other threads while shards are being founded.
  private final Set<Integer> pending = new ConcurrentSkipListSet<>();

  private Founding(Path file, State state) {
    this.file = file;
    this.state = state;
  }

  static Founding read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return new Founding(file, State.UNDECIDED);
    }
    Properties properties = new Properties();
    try (Reader in = Files.newBufferedReader(file)) {
      properties.load(in);
    }
    try {
      Founding read = new Founding(file, State.valueOf(properties.getProperty(STATE, "")));
      read.load(properties);
      return read;
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " cannot be understood; restore it from a backup", e);
    }
  }

  private void load(Properties properties) {
    SortedMap<String, String> disks = new TreeMap<>();
    for (String key : properties.stringPropertyNames()) {
      String value = properties.getProperty(key);
      if (key.startsWith(FOUNDER)) {
        disks.put(key.substring(FOUNDER.length()), value);
      } else if (key.startsWith(SHARD)) {
        firstVoters.put(Integer.valueOf(key.substring(SHARD.length())), list(value));
      } else if (key.equals(PENDING)) {
        list(value).forEach(shard -> pending.add(Integer.valueOf(shard)));
      }
    }
    diskByFounder = disks;
  }

  private static List<String> list(String text) {
    return text.isEmpty() ? List.of() : Arrays.asList(text.split(","));
  }

  boolean isUndecided() {
    return state == State.UNDECIDED;
  }

  /** The disks that the cluster was founded on; empty if this disk came later. */
  SortedMap<String, String> diskByFounder() {
    return diskByFounder;
  }

  /** Who voted at first in a shard that this disk founded; empty if it did not. */
  List<String> firstVoters(int shard) {
    return firstVoters.getOrDefault(shard, List.of());
  }

  /** Shards that were to be founded here and may not have been. */
  List<Integer> pending() {
    return List.copyOf(pending);
  }

  /**
   * The cluster is new, and this disk is one of its first.
   *
   * @param firstVotersByShard only those shards that have a replica here
   */
  void found(SortedMap<String, String> disks, SortedMap<Integer, List<String>> firstVotersByShard)
      throws IOException {
    diskByFounder = new TreeMap<>(disks);
    firstVoters.putAll(firstVotersByShard);
    pending.addAll(firstVotersByShard.keySet());
    write(State.FOUNDED);
  }

  /** The cluster exists, and this disk comes to it empty. */
  void join() throws IOException {
    write(State.JOINED);
  }

  /** A shard has begun to write its log here; from now on its absence is a loss. */
  void started(int shard) throws IOException {
    if (pending.remove(shard)) {
      write(state);
    }
  }

  private void write(State next) throws IOException {
    Properties properties = new Properties();
    properties.setProperty(STATE, next.name());
    diskByFounder.forEach((id, disk) -> properties.setProperty(FOUNDER + id, disk));
    firstVoters.forEach(
        (shard, voters) -> properties.setProperty(SHARD + shard, String.join(",", voters)));
    List<Integer> left = new ArrayList<>(pending);
    properties.setProperty(
        PENDING, left.stream().map(String::valueOf).collect(Collectors.joining(",")));
    Durable.write(file, properties, "How this disk became part of its cluster. Not to be edited.");
    state = next;
  }
}
