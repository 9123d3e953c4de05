package org.raftbroker.raft.ratis;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where a replica's store lives: directories 1, 2, 3, …, of which the last one counts. A snapshot
 * becomes the next one while readers still use the one before.
 */
final class StoreHome {
  private final Path root;

  StoreHome(Path root) {
    this.root = root;
  }

  Path root() {
    return root;
  }

  /** The store that counts; it may not exist yet. */
  Path current() throws IOException {
    List<Integer> numbers = numbers();
    return root.resolve(Integer.toString(numbers.isEmpty() ? 1 : numbers.get(numbers.size() - 1)));
  }

  /**
   * Where the store goes that will count instead. It does from the moment on that the directory
   * exists.
   */
  Path next() throws IOException {
    List<Integer> numbers = numbers();
    return root.resolve(
        Integer.toString(numbers.isEmpty() ? 1 : numbers.get(numbers.size() - 1) + 1));
  }

  /** Deletes every store but the one that counts; none of them may be open. */
  void dropOld() throws IOException {
    Path current = current();
    for (int number : numbers()) {
      Path directory = root.resolve(Integer.toString(number));
      if (!directory.equals(current)) {
        SnapshotDirectory.deleteTree(directory);
      }
    }
  }

  private List<Integer> numbers() throws IOException {
    List<Integer> numbers = new ArrayList<>();
    if (Files.isDirectory(root)) {
      try (Stream<Path> children = Files.list(root)) {
        children
            .map(child -> child.getFileName().toString())
            .filter(name -> name.matches("[1-9][0-9]{0,8}"))
            .forEach(name -> numbers.add(Integer.parseInt(name)));
      }
    }
    numbers.sort(Comparator.naturalOrder());
    return numbers;
  }
}
