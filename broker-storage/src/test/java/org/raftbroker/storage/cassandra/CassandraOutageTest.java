package org.raftbroker.storage.cassandra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.raftbroker.storage.cassandra.Messages.messages;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.storage.ArchiveException;
import org.raftbroker.testservers.NeedsCassandra;

/** Cassandra goes and comes back; the archive is not started anew. */
@NeedsCassandra
@ExtendWith(WithCassandra.class)
final class CassandraOutageTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  /** What a busy machine may take to notice. */
  private static final Duration LATE = Duration.ofSeconds(5);

  private static final Subject ORDERS = new Subject("orders");
  private static final List<StoredMessage> WRITTEN = messages(ORDERS, 1, 3_000);
  private static final List<StoredMessage> MORE = messages(ORDERS, 3_001, 3_100);

  @Test
  void silentServerFailsRequestsInTimeAndAnswersThemLater(CassandraServer server) {
    CassandraConfig config = server.config("silent", CassandraServer.LOGIN, TIMEOUT);
    try (CassandraArchive archive = server.archive(config)) {
      archive.write(WRITTEN, 0).join();

      server.pause();
      try {
        assertFailsInTime(() -> archive.write(WRITTEN, 0), "a write of 3000 messages");
        assertFailsInTime(() -> archive.message(ORDERS, 1), "a read of \"orders\"");
        assertFailsInTime(() -> archive.read(ORDERS, 1, 10, 1_000), "a read of \"orders\"");
        assertFailsInTime(() -> archive.firstIdAtOrAfter(ORDERS, 10, 5), "a read of \"orders\"");
      } finally {
        server.resume();
      }

      CassandraServer.awaitAnswer(archive);
      archive.write(MORE, 0).join();
      assertThat(archive.read(ORDERS, 1, 3_100, Integer.MAX_VALUE).join().messages())
          .hasSize(3_100);
    }
  }

  @Test
  void serverThatIsDownIsFoundWhenItComesUpAndHasWhatItHad(CassandraServer server) {
    CassandraConfig config = server.config("down", CassandraServer.LOGIN, TIMEOUT);
    try (CassandraArchive before = server.archive(config)) {
      before.write(WRITTEN, 0).join();

      server.stop();
      CassandraArchive during;
      try {
        during = CassandraArchive.connect(config);
        assertFailsInTime(() -> during.message(ORDERS, 1), "Cassandra at");
        assertFailsInTime(() -> before.message(ORDERS, 1), "Cassandra at");
        assertFailsInTime(() -> before.write(MORE, 0), "Cassandra at");
      } finally {
        server.start();
      }

      try (during) {
        for (CassandraArchive archive : List.of(before, during)) {
          CassandraServer.awaitAnswer(archive);
          archive.write(MORE, 0).join();
          assertThat(archive.read(ORDERS, 1, 3_100, Integer.MAX_VALUE).join().messages())
              .hasSize(3_100);
        }
      }
    }
  }

  private static void assertFailsInTime(
      Supplier<CompletableFuture<?>> request, String partOfMessage) {
    long before = System.nanoTime();
    CompletableFuture<?> future = request.get();
    assertThat(Duration.ofNanos(System.nanoTime() - before))
        .as("the caller is not held up")
        .isLessThan(TIMEOUT);
    assertThat(future)
        .failsWithin(TIMEOUT.plus(LATE).toMillis(), TimeUnit.MILLISECONDS)
        .withThrowableThat()
        .havingCause()
        .isInstanceOf(ArchiveException.class)
        .withMessageContaining(partOfMessage);
  }
}
