package org.raftbroker.localservers;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.XZInputStream;

/**
 * The programs of a PostgreSQL server.
 *
 * @param directory has {@code postgres}, {@code initdb} and {@code pg_ctl}
 * @param majorVersion such as 18; a data directory belongs to one
 */
record PostgresBinaries(Path directory, int majorVersion) {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Pattern VERSION = Pattern.compile("\\(PostgreSQL\\) (\\d+)");

  /** Where systems put servers that are not on the PATH; below each match is {@code bin}. */
  private static final List<Place> SYSTEM_PLACES =
      List.of(
          new Place("/usr/lib/postgresql", "*"), // Debian
          new Place("/usr", "pgsql-*"), // Red Hat
          new Place("/opt/homebrew/opt", "postgresql*")); // macOS

  private record Place(String parent, String step) {}

  /**
   * The bundled server, unpacked below {@code unpackTo}, because it is the same version everywhere;
   * else one of the system's, which serves where no bundle fits: another processor, another libc.
   *
   * @throws IOException if there is neither, or the bundle cannot be unpacked
   */
  static PostgresBinaries find(Path unpackTo, OrdinaryUser user) throws IOException {
    Optional<PostgresBinaries> bundled = bundled(unpackTo, user);
    Optional<PostgresBinaries> found = bundled.isPresent() ? bundled : system(user);
    return found.orElseThrow(
        () ->
            new IOException(
                "no PostgreSQL server for "
                    + System.getProperty("os.name")
                    + " on "
                    + System.getProperty("os.arch")
                    + ": neither "
                    + bundleName()
                    + " on the class path (io.zonky.test.postgres) nor one of the system runs"
                    + " here; install one, such as \"apt-get install postgresql\""));
  }

  static Optional<PostgresBinaries> bundled(Path unpackTo, OrdinaryUser user) throws IOException {
    String name = bundleName();
    String digest;
    try (InputStream bundle = PostgresBinaries.class.getResourceAsStream("/" + name)) {
      if (bundle == null) {
        return Optional.empty();
      }
      digest = digest(bundle);
    }
    // Another bundle gets another directory, and a directory with its final name is complete.
    Path home = unpackTo.resolve("postgresql-" + digest);
    if (!Files.isDirectory(home)) {
      Path part = unpackTo.resolve("postgresql.part");
      deleteRecursively(part);
      try (InputStream bundle = PostgresBinaries.class.getResourceAsStream("/" + name)) {
        unpack(bundle, part);
      }
      Files.move(part, home, StandardCopyOption.ATOMIC_MOVE);
    }
    return runnable(home.resolve("bin"), user);
  }

  static Optional<PostgresBinaries> system(OrdinaryUser user) throws IOException {
    List<Path> places = new ArrayList<>();
    for (Place place : SYSTEM_PLACES) {
      places.addAll(matching(place));
    }
    Pattern.compile(":")
        .splitAsStream(System.getenv().getOrDefault("PATH", ""))
        .map(Path::of)
        .forEach(places::add);
    for (Path place : places) {
      Optional<PostgresBinaries> found = runnable(place, user);
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  Path program(String name) {
    return directory.resolve(name);
  }

  private static Optional<PostgresBinaries> runnable(Path directory, OrdinaryUser user)
      throws IOException {
    boolean complete =
        Stream.of("postgres", "initdb", "pg_ctl")
            .allMatch(program -> Files.isExecutable(directory.resolve(program)));
    if (!complete) {
      return Optional.empty();
    }
    List<String> command = List.of(directory.resolve("postgres").toString(), "--version");
    ShellCommand.Answer answer = ShellCommand.run(user.command(command), "", LIMIT);
    Matcher version = VERSION.matcher(answer.output());
    // A server for another libc is there and executable and does not run.
    return answer.status() == 0 && version.find()
        ? Optional.of(new PostgresBinaries(directory, Integer.parseInt(version.group(1))))
        : Optional.empty();
  }

  /** As io.zonky.test.postgres names its archives. */
  private static String bundleName() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String processor =
        switch (System.getProperty("os.arch")) {
          case "amd64", "x86_64" -> "x86_64";
          case "aarch64" -> "arm_64";
          default -> System.getProperty("os.arch");
        };
    return "postgres-" + system + "-" + processor + ".txz";
  }

  private static String digest(InputStream bundle) throws IOException {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      new DigestInputStream(bundle, sha).transferTo(OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(sha.digest(), 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  private static void unpack(@Nullable InputStream bundle, Path into) throws IOException {
    try (TarArchiveInputStream tar = new TarArchiveInputStream(new XZInputStream(bundle))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        Path path = into.resolve(entry.getName()).normalize();
        if (!path.startsWith(into)) {
          throw new IOException("the bundle leads out of its directory: " + entry.getName());
        }
        if (entry.isDirectory()) {
          Files.createDirectories(path);
          continue;
        }
        Files.createDirectories(path.getParent());
        if (entry.isSymbolicLink()) {
          Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
        } else if (entry.isLink()) {
          Files.createLink(path, into.resolve(entry.getLinkName()));
        } else {
          Files.copy(tar, path);
          boolean executable = (entry.getMode() & 0100) != 0;
          Files.setPosixFilePermissions(
              path, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
        }
      }
    }
  }

  private static void deleteRecursively(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  /** Newest version first. */
  private static List<Path> matching(Place place) throws IOException {
    Path parent = Path.of(place.parent());
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(parent)) {
      try (DirectoryStream<Path> children = Files.newDirectoryStream(parent, place.step())) {
        children.forEach(child -> found.add(child.resolve("bin")));
      }
    }
    found.sort(Comparator.comparingInt(PostgresBinaries::numberIn).reversed());
    return found;
  }

  private static int numberIn(Path path) {
    Matcher number = Pattern.compile("\\d+").matcher(path.toString());
    return number.find() ? Integer.parseInt(number.group()) : 0;
  }
}
