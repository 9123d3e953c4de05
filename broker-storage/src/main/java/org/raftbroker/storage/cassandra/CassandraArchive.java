package org.raftbroker.storage.cassandra;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.storage.Archive;

/**
 * The archive in Apache Cassandra, 4.0 or newer.
 *
 * <p>Tables, in the keyspace of {@link CassandraConfig}; {@link Schema} makes them:
 *
 * <ul>
 *   <li>{@code messages}: a row for each message, a partition for each 1,024 ids of a subject, of
 *       at most 64 MiB; {@link Buckets} has the arithmetic
 *   <li>{@code large_frames}: frames of more than 64 KiB, in parts of at most 1 MiB; a partition is
 *       one message. The row in {@code messages} says how many parts there are
 *   <li>{@code buckets} and {@code epochs}: which partitions of {@code messages} have rows
 * </ul>
 *
 * <p>Rows of messages that expire have a TTL; {@link Lifetime} says which. When a message is past
 * its time is decided by the time in its frame and the reader's clock, as everywhere: a message may
 * be returned for a moment longer than it is to be shown.
 */
public final class CassandraArchive implements Archive {
  private final Connection connection;
  private final Writes writes;
  private final Reads reads;
  private final Removals removals;

  private CassandraArchive(CassandraConfig config) {
    DriverFailure failures = new DriverFailure(config);
    Outage outage = new Outage(config.where(), System::nanoTime);
    this.connection = new Connection(config, failures, outage);
    Requests requests = new Requests(config, connection, failures, outage);
    this.writes = new Writes(requests);
    this.reads = new Reads(config, requests);
    this.removals = new Removals(requests, reads);
  }

  /**
   * Begins to connect, and returns at once. Until there is a connection all futures fail, saying
   * why there is none; it is looked for until {@link #close()}.
   */
  public static CassandraArchive connect(CassandraConfig config) {
    CassandraArchive archive = new CassandraArchive(config);
    archive.connection.start();
    return archive;
  }

  @Override
  public CompletableFuture<Void> write(List<StoredMessage> messages, long nowMillis) {
    return unwrapped(writes.write(messages, nowMillis));
  }

  @Override
  public CompletableFuture<@Nullable StoredMessage> message(Subject subject, long id) {
    return unwrapped(reads.message(subject, id));
  }

  @Override
  public CompletableFuture<ArchivedRun> read(
      Subject subject, long fromId, long toId, int maxBytes) {
    return unwrapped(reads.read(subject, fromId, toId, maxBytes));
  }

  @Override
  public CompletableFuture<Long> firstIdAtOrAfter(Subject subject, long toId, long timeMillis) {
    return unwrapped(reads.firstIdAtOrAfter(subject, toId, timeMillis));
  }

  @Override
  public CompletableFuture<Long> remove(
      Subject subject, long fromId, long toId, boolean partly, long publishedByMillis) {
    return unwrapped(removals.remove(subject, fromId, toId, partly, publishedByMillis));
  }

  /** Takes at most a few seconds. What is under way may still end, what comes after fails. */
  @Override
  public void close() {
    connection.close();
  }

  /** Steps that follow one another wrap a failure; callers are promised the failure itself. */
  private static <T extends @Nullable Object> CompletableFuture<T> unwrapped(
      CompletableFuture<T> steps) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    var unused =
        steps.whenComplete(
            (value, failure) -> {
              if (failure == null) {
                answer.complete(value);
              } else {
                Throwable cause = failure.getCause();
                answer.completeExceptionally(
                    failure instanceof CompletionException && cause != null ? cause : failure);
              }
            });
    return answer;
  }
}
