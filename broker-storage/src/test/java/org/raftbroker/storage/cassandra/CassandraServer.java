package org.raftbroker.storage.cassandra;

import static org.awaitility.Awaitility.await;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.raftbroker.message.Subject;
import org.raftbroker.testservers.TestServer;
import org.raftbroker.testservers.TestServers;

/** A real Cassandra that wants a login, and archives in it. */
final class CassandraServer implements AutoCloseable {
  static final Credentials LOGIN = new Credentials("cassandra", "cassandra");

  /** A busy machine is slow; what is tested is not how fast it is. */
  private static final Duration SLOW = Duration.ofSeconds(60);

  private final TestServer server;
  private final AtomicInteger keyspaces = new AtomicInteger();

  CassandraServer() {
    try {
      server =
          TestServers.cassandraWithPasswords(
              Files.createTempDirectory(Path.of("target"), "cassandra-"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Of a keyspace that nobody has used. */
  CassandraConfig config() {
    return config("test_" + keyspaces.incrementAndGet(), LOGIN, Duration.ofSeconds(10));
  }

  CassandraConfig config(String keyspace, Credentials credentials, Duration requestTimeout) {
    return new CassandraConfig(
        List.of(new ContactPoint("127.0.0.1", server.port())),
        "datacenter1",
        keyspace,
        0,
        Consistency.LOCAL_QUORUM,
        credentials,
        requestTimeout,
        128);
  }

  /** An archive that is connected. */
  CassandraArchive archive(CassandraConfig config) {
    CassandraArchive archive = CassandraArchive.connect(config);
    awaitAnswer(archive);
    return archive;
  }

  static void awaitAnswer(CassandraArchive archive) {
    await().atMost(SLOW).until(() -> answers(archive));
  }

  private static boolean answers(CassandraArchive archive) throws InterruptedException {
    try {
      archive.message(new Subject("nothing"), 1).get();
      return true;
    } catch (ExecutionException e) {
      return false;
    }
  }

  /** The driver's own session, to look behind the archive. */
  CqlSession session() {
    return CqlSession.builder()
        .addContactPoint(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()))
        .withLocalDatacenter("datacenter1")
        .withAuthCredentials("cassandra", "cassandra")
        .withConfigLoader(
            DriverConfigLoader.programmaticBuilder()
                .withDuration(DefaultDriverOption.REQUEST_TIMEOUT, SLOW)
                .build())
        .build();
  }

  void stop() {
    server.stop();
  }

  void start() {
    server.start();
  }

  /** It keeps its connections and answers nothing. */
  void pause() {
    server.pause();
  }

  void resume() {
    server.resume();
  }

  @Override
  public void close() {
    server.close();
  }
}
