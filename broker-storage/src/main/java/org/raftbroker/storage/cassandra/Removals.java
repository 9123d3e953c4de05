package org.raftbroker.storage.cassandra;

import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.cql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.raftbroker.message.Subject;

/**
 * Removes messages for good: whole partitions, of which Cassandra remembers one tombstone each, and
 * no read ever comes near it. First the parts of large frames, last the row of the index, without
 * which nobody would look for the others: so it may end anywhere and begin again.
 */
final class Removals {
  /** At a time: the archiver has other work, too. */
  private static final int MAX_BUCKETS = 64;

  private final Requests requests;
  private final Reads reads;

  Removals(Requests requests, Reads reads) {
    this.requests = requests;
    this.reads = reads;
  }

  CompletableFuture<Long> remove(
      Subject subject, long fromId, long toId, boolean partly, long publishedByMillis) {
    long lastBucket = partly ? Buckets.bucket(toId) : Buckets.bucket(toId + 1) - 1;
    return reads
        .nextBuckets(subject, Buckets.bucket(fromId), lastBucket, MAX_BUCKETS)
        .thenCompose(
            buckets -> {
              if (buckets.isEmpty()) {
                return CompletableFuture.completedFuture(toId);
              }
              Removal removal = new Removal(subject, toId, publishedByMillis * 1000 + 999);
              long last = buckets.get(buckets.size() - 1);
              return removal
                  .removeAll(buckets, 0)
                  .thenApply(removed -> Math.min(toId, Buckets.lastId(last)));
            });
  }

  private final class Removal {
    private final Subject subject;
    private final long toId;

    // Timestamp of the deletions: not before that of any row, see Writes.
    private final long micros;

    Removal(Subject subject, long toId, long micros) {
      this.subject = subject;
      this.toId = toId;
      this.micros = micros;
    }

    CompletableFuture<Void> removeAll(List<Long> buckets, int from) {
      if (from == buckets.size()) {
        return CompletableFuture.completedFuture(null);
      }
      return remove(buckets.get(from)).thenCompose(removed -> removeAll(buckets, from + 1));
    }

    private CompletableFuture<Void> remove(long bucket) {
      return send(prepared -> prepared.selectParts(subject, bucket, toId))
          .thenCompose(this::removeParts)
          .thenCompose(removed -> removeRows(bucket));
    }

    private CompletableFuture<Void> removeParts(AsyncResultSet rows) {
      List<Long> large = new ArrayList<>();
      for (Row row : rows.currentPage()) {
        if (!row.isNull(1)) {
          large.add(row.getLong(0));
        }
      }
      CompletableFuture<Void> removed =
          requests.sendAll(
              what(),
              large.size(),
              (prepared, i) -> prepared.deleteParts(subject, large.get(i), micros));
      return rows.hasMorePages()
          ? removed.thenCompose(
              page -> rows.fetchNextPage().toCompletableFuture().thenCompose(this::removeParts))
          : removed;
    }

    private CompletableFuture<Void> removeRows(long bucket) {
      if (toId < Buckets.lastId(bucket)) {
        return send(prepared -> prepared.deleteMessages(subject, bucket, toId, micros))
            .thenAccept(rows -> {});
      }
      return send(prepared -> prepared.deleteBucket(subject, bucket, micros))
          .thenCompose(rows -> send(prepared -> prepared.deleteIndex(subject, bucket)))
          .thenAccept(rows -> {});
    }

    private CompletableFuture<AsyncResultSet> send(Function<Statements, Statement<?>> statement) {
      return requests.send(what(), statement);
    }

    private String what() {
      return "a removal from \"" + subject + "\"";
    }
  }
}
