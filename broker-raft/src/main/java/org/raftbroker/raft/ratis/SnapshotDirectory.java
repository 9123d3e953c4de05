package org.raftbroker.raft.ratis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.statemachine.SnapshotRetentionPolicy;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.impl.FileListSnapshotInfo;
import org.jspecify.annotations.Nullable;

/**
 * A replica's snapshots: checkpoints of its store, each a directory {@code snapshot.<term>_<index>}
 * in the place that Ratis copies to a lagging follower and replaces there as a whole.
 *
 * <p>A snapshot comes into being by a rename, so a name that matches is a complete one; RocksDB's
 * checkpoint and Ratis' copy leave other names behind if they are interrupted.
 */
final class SnapshotDirectory implements StateMachineStorage {
  private static final Pattern NAME = Pattern.compile("snapshot\\.(\\d+)_(\\d+)");
  private static final String UNFINISHED = "unfinished";

  /** Ratis leaves one beside each file that it received. */
  private static final String DIGEST_SUFFIX = ".md5";

  private volatile @Nullable Path directory;
  private volatile @Nullable FileListSnapshotInfo latest;

  @Override
  public void init(RaftStorage storage) throws IOException {
    Path place = storage.getStorageDir().getStateMachineDir().toPath();
    directory = place;
    Files.createDirectories(place);
    deleteTree(place.resolve(UNFINISHED));
    reload();
  }

  /** Looks for the latest snapshot on disk again: Ratis has installed one. */
  void reload() throws IOException {
    try (Stream<Path> children = Files.list(place())) {
      Optional<Named> newest = children.flatMap(Named::of).max(Comparator.comparing(Named::at));
      latest = newest.isEmpty() ? null : info(newest.get());
    }
  }

  private static FileListSnapshotInfo info(Named snapshot) throws IOException {
    try (Stream<Path> files = Files.list(snapshot.path)) {
      // Without a digest, Ratis computes it while it sends: most snapshots are never sent.
      List<FileInfo> list =
          files
              .filter(file -> !file.getFileName().toString().endsWith(DIGEST_SUFFIX))
              .sorted()
              .map(file -> new FileInfo(file, null))
              .toList();
      return new FileListSnapshotInfo(list, snapshot.at);
    }
  }

  /** A path for a checkpoint to be written to; {@link #publish} makes it a snapshot. */
  Path unfinished() throws IOException {
    Path unfinished = place().resolve(UNFINISHED);
    deleteTree(unfinished);
    return unfinished;
  }

  void publish(Path unfinished, TermIndex at) throws IOException {
    Path snapshot = place().resolve("snapshot." + at.getTerm() + "_" + at.getIndex());
    deleteTree(snapshot);
    Files.move(unfinished, snapshot, StandardCopyOption.ATOMIC_MOVE);
    Durable.sync(place());
    reload();
  }

  /** Where the latest snapshot is; null if there is none. */
  @Nullable Path latestPath() {
    FileListSnapshotInfo snapshot = latest;
    if (snapshot == null) {
      return null;
    }
    TermIndex at = snapshot.getTermIndex();
    return place().resolve("snapshot." + at.getTerm() + "_" + at.getIndex());
  }

  @Override
  public @Nullable SnapshotInfo getLatestSnapshot() {
    return latest;
  }

  @Override
  public void format() {}

  @Override
  public void cleanupOldSnapshots(SnapshotRetentionPolicy policy) throws IOException {
    List<Named> old;
    try (Stream<Path> children = Files.list(place())) {
      old =
          children
              .flatMap(Named::of)
              .sorted(Comparator.comparing(Named::at).reversed())
              .skip(Math.max(1, policy.getNumSnapshotsRetained()))
              .toList();
    }
    for (Named snapshot : old) {
      deleteTree(snapshot.path);
    }
  }

  private Path place() {
    Path place = directory;
    if (place == null) {
      throw new IllegalStateException("the snapshot directory is used before it is known");
    }
    return place;
  }

  static void deleteTree(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    try (Stream<Path> all = Files.walk(root)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private record Named(Path path, TermIndex at) {
    static Stream<Named> of(Path path) {
      Matcher name = NAME.matcher(path.getFileName().toString());
      return name.matches()
          ? Stream.of(
              new Named(
                  path,
                  TermIndex.valueOf(Long.parseLong(name.group(1)), Long.parseLong(name.group(2)))))
          : Stream.empty();
    }
  }
}
