package org.raftbroker.storage.cassandra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.raftbroker.storage.cassandra.Messages.messages;

import com.datastax.oss.driver.api.core.CqlSession;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.raftbroker.message.Subject;
import org.raftbroker.storage.ArchiveException;
import org.raftbroker.testservers.NeedsCassandra;

/** Why there may be no archive, said so that an operator knows what to do. */
@NeedsCassandra
@ExtendWith(WithCassandra.class)
final class CassandraRefusalTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final Subject ORDERS = new Subject("orders");

  @Test
  void wrongPasswordIsSaidAndNotShown(CassandraServer server) {
    CassandraConfig wrong =
        server.config("refused", new Credentials("cassandra", "s3cret"), TIMEOUT);

    String message = awaitRefusal(wrong);

    assertThat(message)
        .contains(server.config().where(), "refused the login of \"cassandra\"")
        .contains("cassandra.username and cassandra.password")
        .doesNotContain("s3cret");
  }

  @Test
  void missingLoginIsSaid(CassandraServer server) {
    assertThat(awaitRefusal(server.config("refused", Credentials.NONE, TIMEOUT)))
        .contains("wants a login", "cassandra.username and cassandra.password");
  }

  @Test
  void wrongDatacenterIsSaidWithThoseThatThereAre(CassandraServer server) {
    CassandraConfig right = server.config("shared", CassandraServer.LOGIN, TIMEOUT);
    CassandraConfig wrong =
        new CassandraConfig(
            right.contactPoints(),
            "mars",
            right.keyspace(),
            0,
            Consistency.LOCAL_QUORUM,
            CassandraServer.LOGIN,
            TIMEOUT,
            10);

    assertThat(awaitRefusal(wrong))
        .contains("no datacenter \"mars\"", "[datacenter1]", "cassandra.localDatacenter");
  }

  @Test
  void newerTablesAreLeftAlone(CassandraServer server) {
    CassandraConfig config = server.config();
    server.archive(config).close();
    try (CqlSession session = server.session()) {
      session.execute(
          "INSERT INTO "
              + config.keyspace()
              + ".schema_version (name, version) VALUES ('archive', 2)");
    }

    assertThat(awaitRefusal(config))
        .contains("tables of version 2", "keyspace " + config.keyspace(), "knows version 1");
  }

  @Test
  void tablesOfSomebodyElseAreLeftAlone(CassandraServer server) {
    CassandraConfig config = server.config();
    try (CqlSession session = server.session()) {
      session.execute(
          "CREATE KEYSPACE "
              + config.keyspace()
              + " WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
      session.execute("CREATE TABLE " + config.keyspace() + ".messages (a int PRIMARY KEY)");
    }

    assertThat(awaitRefusal(config)).contains("a table messages", "that no broker made");
  }

  @Test
  void moreReplicasThanNodesIsSaid(CassandraServer server) {
    CassandraConfig free = server.config();
    CassandraConfig three =
        new CassandraConfig(
            free.contactPoints(),
            "datacenter1",
            free.keyspace(),
            3,
            Consistency.LOCAL_QUORUM,
            CassandraServer.LOGIN,
            TIMEOUT,
            10);

    assertThat(awaitRefusal(three))
        .contains("1 of the 2 replicas that LOCAL_QUORUM needs", "replication of keyspace");
  }

  @Test
  void serverThatIsNotThereIsSaid() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    CassandraConfig nowhere =
        new CassandraConfig(
            List.of(new ContactPoint("127.0.0.1", port)),
            "datacenter1",
            "nowhere",
            0,
            Consistency.ONE,
            Credentials.NONE,
            TIMEOUT,
            10);

    assertThat(awaitRefusal(nowhere))
        .contains("Cassandra at 127.0.0.1:" + port, "cannot be reached");
  }

  @Test
  void severalBrokersMayMakeTheTablesAtOnce(CassandraServer server) {
    CassandraConfig config = server.config();
    List<CassandraArchive> archives = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      archives.add(CassandraArchive.connect(config));
    }
    try {
      archives.forEach(CassandraServer::awaitAnswer);

      archives.get(0).write(messages(ORDERS, 1, 100), 0).join();

      for (CassandraArchive archive : archives) {
        assertThat(archive.read(ORDERS, 1, 100, Integer.MAX_VALUE).join().messages()).hasSize(100);
      }
    } finally {
      archives.forEach(CassandraArchive::close);
    }
  }

  @Test
  void closedArchiveSaysSo(CassandraServer server) {
    CassandraArchive archive =
        server.archive(server.config("shared", CassandraServer.LOGIN, TIMEOUT));
    archive.close();
    archive.close();

    assertThat(failure(archive)).isEqualTo("the archive is closed");
  }

  /** The message of an archive that has tried to connect. */
  private static String awaitRefusal(CassandraConfig config) {
    try (CassandraArchive archive = CassandraArchive.connect(config)) {
      assertThat(failure(archive)).contains("is not connected yet");
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> !failure(archive).contains("is not connected yet"));
      return failure(archive);
    }
  }

  private static String failure(CassandraArchive archive) {
    try {
      archive.message(ORDERS, 1).get();
      throw new AssertionError("the archive works");
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      assertThat(cause).isInstanceOf(ArchiveException.class);
      return String.valueOf(cause == null ? null : cause.getMessage());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
