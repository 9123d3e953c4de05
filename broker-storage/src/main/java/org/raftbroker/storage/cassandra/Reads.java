package org.raftbroker.storage.cassandra;

import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.Row;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.MessageFrame;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.storage.Archive.ArchivedRun;
import org.raftbroker.storage.ArchiveException;

/** Reads messages by id, by range, and by the time at which they were published. */
final class Reads {
  /** Buckets that the index is asked for at a time. */
  private static final int INDEX_ROWS = 64;

  private final CassandraConfig config;
  private final Requests requests;
  private final FrameSizes sizes = new FrameSizes();

  Reads(CassandraConfig config, Requests requests) {
    this.config = config;
    this.requests = requests;
  }

  CompletableFuture<@Nullable StoredMessage> message(Subject subject, long id) {
    return requests
        .send(readOf(subject), prepared -> prepared.selectMessage(subject, id))
        .thenCompose(
            rows -> {
              Row row = rows.one();
              return row == null
                  ? CompletableFuture.completedFuture(null)
                  : message(subject, row).thenApply(message -> message);
            });
  }

  CompletableFuture<ArchivedRun> read(Subject subject, long fromId, long toId, int maxBytes) {
    return new Run(subject, fromId, toId, maxBytes).next();
  }

  CompletableFuture<Long> firstIdAtOrAfter(Subject subject, long toId, long timeMillis) {
    return search(subject, timeMillis * 1000, 1, toId + 1, toId + 1);
  }

  /**
   * Looks for the first message that is not older than {@code micros}, by halves: the time never
   * decreases with the id.
   *
   * @param low all messages below it are older
   * @param high none at or above it and below {@code best} is there, or it is beyond the end
   * @param best the lowest id that was found not to be older
   */
  private CompletableFuture<Long> search(
      Subject subject, long micros, long low, long high, long best) {
    if (low >= high) {
      return CompletableFuture.completedFuture(best);
    }
    long middle = low + (high - low) / 2;
    return firstAtOrAfter(subject, middle, high - 1)
        .thenCompose(
            found -> {
              if (found == null) {
                return search(subject, micros, low, middle, best);
              }
              return found.publishedMicros < micros
                  ? search(subject, micros, found.id + 1, high, best)
                  : search(subject, micros, low, middle, found.id);
            });
  }

  private record Published(long id, long publishedMicros) {}

  /** The first message from {@code fromId} to {@code toId}; null if there is none. */
  private CompletableFuture<@Nullable Published> firstAtOrAfter(
      Subject subject, long fromId, long toId) {
    if (fromId > toId) {
      return CompletableFuture.completedFuture(null);
    }
    long bucket = Buckets.bucket(fromId);
    return requests
        .send(
            readOf(subject),
            prepared ->
                prepared.selectTime(
                    subject, bucket, fromId, Math.min(toId, Buckets.lastId(bucket))))
        .thenCompose(
            rows -> {
              Row row = rows.one();
              if (row != null) {
                // A row's timestamp is the time at which it was published; see Writes.
                long micros = row.isNull(1) ? row.getLong(2) : row.getLong(1);
                return CompletableFuture.completedFuture(new Published(row.getLong(0), micros));
              }
              return nextBuckets(subject, bucket + 1, Buckets.bucket(toId), 1)
                  .thenCompose(
                      next ->
                          next.isEmpty()
                              ? CompletableFuture.completedFuture(null)
                              : firstAtOrAfter(subject, Buckets.firstId(next.get(0)), toId));
            });
  }

  /**
   * Buckets from {@code from} to {@code to} that may have rows, lowest first: those of the first
   * epoch that has any, at most {@code limit}; empty if there is none. All rows of a bucket may
   * have expired a little before its index row does.
   */
  CompletableFuture<List<Long>> nextBuckets(Subject subject, long from, long to, int limit) {
    if (from > to) {
      return CompletableFuture.completedFuture(List.of());
    }
    long epoch = Buckets.epoch(from);
    return requests
        .send(readOf(subject), prepared -> prepared.selectBuckets(subject, epoch, from, to, limit))
        .thenCompose(
            rows -> {
              List<Long> found = new ArrayList<>();
              rows.currentPage().forEach(row -> found.add(row.getLong(0)));
              if (!found.isEmpty()) {
                return CompletableFuture.completedFuture(found);
              }
              return nextEpoch(subject, epoch + 1, Buckets.epoch(to))
                  .thenCompose(
                      next ->
                          next.isEmpty()
                              ? CompletableFuture.completedFuture(List.of())
                              : nextBuckets(
                                  subject, Buckets.firstBucket(next.getAsLong()), to, limit));
            });
  }

  private CompletableFuture<OptionalLong> nextEpoch(Subject subject, long from, long to) {
    if (from > to) {
      return CompletableFuture.completedFuture(OptionalLong.empty());
    }
    return requests
        .send(readOf(subject), prepared -> prepared.selectEpoch(subject, from, to))
        .thenApply(
            rows -> {
              Row row = rows.one();
              return row == null ? OptionalLong.empty() : OptionalLong.of(row.getLong(0));
            });
  }

  /** The message of a row with the columns id, frame, parts. */
  private CompletableFuture<StoredMessage> message(Subject subject, Row row) {
    long id = row.getLong(0);
    ByteBuffer inline = row.getByteBuffer(1);
    if (inline != null) {
      return CompletableFuture.completedFuture(stored(subject, id, bytes(inline)));
    }
    return largeFrame(subject, id, row.getInt(2)).thenApply(frame -> stored(subject, id, frame));
  }

  private static StoredMessage stored(Subject subject, long id, byte[] frame) {
    return new StoredMessage(subject, id, MessageFrame.expiresAtMillis(frame), frame);
  }

  private CompletableFuture<byte[]> largeFrame(Subject subject, long id, int count) {
    List<CompletableFuture<ByteBuffer>> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int part = i;
      parts.add(
          requests
              .send(readOf(subject), prepared -> prepared.selectPart(subject, id, part))
              .thenApply(rows -> part(subject, id, part, rows)));
    }
    return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
        .thenApply(
            all -> {
              int length = parts.stream().mapToInt(part -> part.join().remaining()).sum();
              ByteBuffer frame = ByteBuffer.allocate(length);
              parts.forEach(part -> frame.put(part.join()));
              return frame.array();
            });
  }

  private ByteBuffer part(Subject subject, long id, int part, AsyncResultSet rows) {
    Row row = rows.one();
    ByteBuffer bytes = row == null ? null : row.getByteBuffer(0);
    if (bytes == null) {
      throw new ArchiveException(
          config.where()
              + " has message "
              + id
              + " of \""
              + subject
              + "\" without part "
              + part
              + ", which was written before it; run nodetool repair "
              + config.keyspace());
    }
    return bytes;
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static String readOf(Subject subject) {
    return "a read of \"" + subject + "\"";
  }

  /**
   * One read. It goes from bucket to bucket, and asks the index only when it comes to one that is
   * empty: in a replay each bucket has rows. One request at a time is under way, so no two threads
   * are in here at once.
   */
  private final class Run {
    private final Subject subject;
    private final long toId;
    private final int maxBytes;
    private final List<StoredMessage> found = new ArrayList<>();
    private List<Long> knownBuckets = List.of();
    private long nextId;
    private long bytes;

    Run(Subject subject, long fromId, long toId, int maxBytes) {
      this.subject = subject;
      this.toId = toId;
      this.maxBytes = maxBytes;
      this.nextId = fromId;
    }

    CompletableFuture<ArchivedRun> next() {
      if (nextId > toId) {
        return CompletableFuture.completedFuture(new ArchivedRun(found, toId));
      }
      if (isFull()) {
        return CompletableFuture.completedFuture(new ArchivedRun(found, nextId - 1));
      }
      long bucket = Buckets.bucket(nextId);
      int limit = sizes.rows(subject, maxBytes - bytes);
      return requests
          .send(
              readOf(subject),
              prepared ->
                  prepared.selectMessages(
                      subject, bucket, nextId, Math.min(toId, Buckets.lastId(bucket)), limit))
          .thenCompose(
              rows -> {
                List<Row> page = new ArrayList<>();
                rows.currentPage().forEach(page::add);
                learnSizes(page);
                return take(page, 0)
                    .thenCompose(
                        taken -> {
                          if (isFull() || page.size() == limit) {
                            return next();
                          }
                          return page.isEmpty() ? skipTo(bucket + 1) : goTo(bucket + 1);
                        });
              });
    }

    /** Of frames in rows; large ones are not what makes an answer long. */
    private void learnSizes(List<Row> page) {
      int largest = 0;
      for (Row row : page) {
        ByteBuffer inline = row.getByteBuffer(1);
        largest = Math.max(largest, inline == null ? 0 : inline.remaining());
      }
      if (largest > 0) {
        sizes.read(subject, largest);
      }
    }

    private boolean isFull() {
      return !found.isEmpty() && bytes >= maxBytes;
    }

    /** Takes rows from {@code from} on until there is enough. */
    private CompletableFuture<Void> take(List<Row> page, int from) {
      for (int i = from; i < page.size() && !isFull(); i++) {
        CompletableFuture<StoredMessage> message = message(subject, page.get(i));
        if (!message.isDone()) {
          int after = i + 1;
          return message.thenCompose(
              large -> {
                add(large);
                return take(page, after);
              });
        }
        add(message.join());
      }
      return CompletableFuture.completedFuture(null);
    }

    private void add(StoredMessage message) {
      found.add(message);
      bytes += message.frame().length;
      nextId = message.id() + 1;
    }

    private CompletableFuture<ArchivedRun> goTo(long bucket) {
      nextId = Buckets.firstId(bucket);
      return next();
    }

    private CompletableFuture<ArchivedRun> skipTo(long bucket) {
      for (long known : knownBuckets) {
        if (known >= bucket) {
          return goTo(known);
        }
      }
      return nextBuckets(subject, bucket, Buckets.bucket(toId), INDEX_ROWS)
          .thenCompose(
              next -> {
                knownBuckets = next;
                return next.isEmpty() ? end() : goTo(next.get(0));
              });
    }

    private CompletableFuture<ArchivedRun> end() {
      return CompletableFuture.completedFuture(new ArchivedRun(found, toId));
    }
  }
}
