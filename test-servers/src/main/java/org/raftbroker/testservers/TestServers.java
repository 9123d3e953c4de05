package org.raftbroker.testservers;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.raftbroker.localservers.CassandraSettings;
import org.testcontainers.DockerClientFactory;

/**
 * Starts the servers of tests: those of {@code local-servers}, or, if the environment variable
 * RAFTBROKER_TEST_SERVERS is {@code containers}, the same versions in containers of a Docker engine
 * on this machine.
 */
public final class TestServers {
  private static final String VARIABLE = "RAFTBROKER_TEST_SERVERS";

  /** The newest that Cassandra 5.0 runs on, and the oldest that we do. */
  private static final int JAVA_OF_CASSANDRA = 17;

  private TestServers() {}

  /**
   * A PostgreSQL with the user, password and database {@code raftbroker}; the superuser {@code
   * postgres} has the same password.
   *
   * @param directory for a process; one that an earlier run has left there is killed first
   */
  public static TestServer postgres(Path directory) {
    return inContainers() ? ServerContainer.postgres() : PostgresProcess.start(directory);
  }

  /**
   * A Cassandra that anybody may use, with the datacenter {@code datacenter1}.
   *
   * @param directory for a process
   */
  public static TestServer cassandra(Path directory) {
    return inContainers()
        ? ServerContainer.cassandra()
        : CassandraProcess.start(CassandraSettings.onFreePorts(directory));
  }

  /**
   * As {@link #cassandra}, for who logs in: {@code cassandra} with the password {@code cassandra}.
   */
  public static TestServer cassandraWithPasswords(Path directory) {
    return inContainers()
        ? ServerContainer.cassandraWithPasswords()
        : CassandraProcess.start(CassandraSettings.onFreePorts(directory).withPasswords());
  }

  /** For {@link NeedsPostgres}. */
  static boolean havePostgres(ExtensionContext test) {
    return !inContainers() || haveDocker(test);
  }

  /** For {@link NeedsCassandra}. */
  static boolean haveCassandra(ExtensionContext test) {
    return inContainers() ? haveDocker(test) : Runtime.version().feature() == JAVA_OF_CASSANDRA;
  }

  private static boolean haveDocker(ExtensionContext test) {
    boolean there = DockerClientFactory.instance().isDockerAvailable();
    if (!there) {
      // A report has the reason, but nobody reads the report of a build that succeeds.
      System.err.printf(
          "!!! skipped: %s needs Docker, because %s is containers%n",
          test.getDisplayName(), VARIABLE);
    }
    return there;
  }

  private static boolean inContainers() {
    return inContainers(System.getenv(VARIABLE));
  }

  static boolean inContainers(@Nullable String asked) {
    return switch (asked == null ? "" : asked) {
      case "", "local" -> false;
      case "containers" -> true;
      default ->
          throw new IllegalStateException(
              VARIABLE + " is \"" + asked + "\"; must be local (the default) or containers");
    };
  }
}
