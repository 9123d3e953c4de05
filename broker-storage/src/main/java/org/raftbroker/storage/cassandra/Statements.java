package org.raftbroker.storage.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.BatchStatement;
import com.datastax.oss.driver.api.core.cql.BatchType;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Statement;
import java.nio.ByteBuffer;
import java.util.List;
import org.raftbroker.message.Subject;

/**
 * All CQL of the archive's reads, writes and removals; what varies is bound, never part of the
 * text. Each may be repeated: rows have fixed timestamps and content. Each has one partition, by
 * which the driver finds the replica to ask.
 */
final class Statements {
  private static final String LIFE = " USING TIMESTAMP ? AND TTL ?";

  private final PreparedStatement insertFrame;
  private final PreparedStatement insertLarge;
  private final PreparedStatement insertPart;
  private final PreparedStatement insertBucket;
  private final PreparedStatement insertEpoch;
  private final PreparedStatement selectMessage;
  private final PreparedStatement selectMessages;
  private final PreparedStatement selectPart;
  private final PreparedStatement selectTime;
  private final PreparedStatement selectBuckets;
  private final PreparedStatement selectEpoch;
  private final PreparedStatement selectParts;
  private final PreparedStatement deleteParts;
  private final PreparedStatement deleteMessages;
  private final PreparedStatement deleteBucket;
  private final PreparedStatement deleteIndex;

  /** Prepares them; blocks. */
  Statements(CqlSession session, String keyspace) {
    String messages = keyspace + ".messages";
    String parts = keyspace + ".large_frames";
    String buckets = keyspace + ".buckets";
    String epochs = keyspace + ".epochs";
    // The column that is not named stays unset: a null would be a tombstone.
    this.insertFrame =
        session.prepare(
            "INSERT INTO " + messages + " (subject, bucket, id, frame) VALUES (?, ?, ?, ?)" + LIFE);
    this.insertLarge =
        session.prepare(
            "INSERT INTO " + messages + " (subject, bucket, id, parts) VALUES (?, ?, ?, ?)" + LIFE);
    this.insertPart =
        session.prepare(
            "INSERT INTO " + parts + " (subject, id, part, bytes) VALUES (?, ?, ?, ?)" + LIFE);
    this.insertBucket =
        session.prepare(
            "INSERT INTO " + buckets + " (subject, epoch, bucket) VALUES (?, ?, ?)" + LIFE);
    this.insertEpoch =
        session.prepare("INSERT INTO " + epochs + " (subject, epoch) VALUES (?, ?)" + LIFE);
    this.selectMessage =
        session.prepare(
            "SELECT id, frame, parts FROM "
                + messages
                + " WHERE subject = ? AND bucket = ? AND id = ?");
    this.selectMessages =
        session.prepare(
            "SELECT id, frame, parts FROM "
                + messages
                + " WHERE subject = ? AND bucket = ? AND id >= ? AND id <= ? LIMIT ?");
    this.selectPart =
        session.prepare(
            "SELECT bytes FROM " + parts + " WHERE subject = ? AND id = ? AND part = ?");
    this.selectTime =
        session.prepare(
            "SELECT id, WRITETIME(frame), WRITETIME(parts) FROM "
                + messages
                + " WHERE subject = ? AND bucket = ? AND id >= ? AND id <= ? LIMIT 1");
    this.selectBuckets =
        session.prepare(
            "SELECT bucket FROM "
                + buckets
                + " WHERE subject = ? AND epoch = ? AND bucket >= ? AND bucket <= ? LIMIT ?");
    this.selectEpoch =
        session.prepare(
            "SELECT epoch FROM "
                + epochs
                + " WHERE subject = ? AND epoch >= ? AND epoch <= ? LIMIT 1");
    this.selectParts =
        session.prepare(
            "SELECT id, parts FROM " + messages + " WHERE subject = ? AND bucket = ? AND id <= ?");
    this.deleteParts =
        session.prepare("DELETE FROM " + parts + " USING TIMESTAMP ? WHERE subject = ? AND id = ?");
    this.deleteMessages =
        session.prepare(
            "DELETE FROM "
                + messages
                + " USING TIMESTAMP ? WHERE subject = ? AND bucket = ? AND id <= ?");
    this.deleteBucket =
        session.prepare(
            "DELETE FROM " + messages + " USING TIMESTAMP ? WHERE subject = ? AND bucket = ?");
    this.deleteIndex =
        session.prepare(
            "DELETE FROM "
                + buckets
                + " USING TIMESTAMP ? WHERE subject = ? AND epoch = ? AND bucket = ?");
  }

  BoundStatement insertFrame(
      Subject subject, long id, byte[] frame, long timestampMicros, int ttlSeconds) {
    return insertFrame.bind(
        subject.name(),
        Buckets.bucket(id),
        id,
        ByteBuffer.wrap(frame),
        timestampMicros,
        ttlSeconds);
  }

  BoundStatement insertLarge(
      Subject subject, long id, int parts, long timestampMicros, int ttlSeconds) {
    return insertLarge.bind(
        subject.name(), Buckets.bucket(id), id, parts, timestampMicros, ttlSeconds);
  }

  BoundStatement insertPart(
      Subject subject, long id, int part, ByteBuffer bytes, long timestampMicros, int ttlSeconds) {
    return insertPart.bind(subject.name(), id, part, bytes, timestampMicros, ttlSeconds);
  }

  BoundStatement insertIndex(IndexRows.Key row, long timestampMicros, int ttlSeconds) {
    String subject = row.subject().name();
    long number = row.number();
    return row.isEpoch()
        ? insertEpoch.bind(subject, number, timestampMicros, ttlSeconds)
        : insertBucket.bind(subject, Buckets.epoch(number), number, timestampMicros, ttlSeconds);
  }

  /** Of one partition, so it is one write to Cassandra; the log for several would cost a second. */
  static Statement<?> together(List<BoundStatement> inserts) {
    return inserts.size() == 1
        ? inserts.get(0)
        : BatchStatement.newInstance(BatchType.UNLOGGED).addAll(inserts);
  }

  /** Columns: id, frame, parts. */
  BoundStatement selectMessage(Subject subject, long id) {
    return selectMessage.bind(subject.name(), Buckets.bucket(id), id);
  }

  /** Columns: id, frame, parts. */
  BoundStatement selectMessages(Subject subject, long bucket, long fromId, long toId, int limit) {
    return selectMessages.bind(subject.name(), bucket, fromId, toId, limit);
  }

  /** Column: bytes. */
  BoundStatement selectPart(Subject subject, long id, int part) {
    return selectPart.bind(subject.name(), id, part);
  }

  /** Columns: id, and two times in microseconds, one of which is null. */
  BoundStatement selectTime(Subject subject, long bucket, long fromId, long toId) {
    return selectTime.bind(subject.name(), bucket, fromId, toId);
  }

  /** Column: bucket. */
  BoundStatement selectBuckets(
      Subject subject, long epoch, long fromBucket, long toBucket, int limit) {
    return selectBuckets.bind(subject.name(), epoch, fromBucket, toBucket, limit);
  }

  /** Columns: id, parts. */
  BoundStatement selectParts(Subject subject, long bucket, long toId) {
    return selectParts.bind(subject.name(), bucket, toId);
  }

  BoundStatement deleteParts(Subject subject, long id, long timestampMicros) {
    return deleteParts.bind(timestampMicros, subject.name(), id);
  }

  BoundStatement deleteMessages(Subject subject, long bucket, long toId, long timestampMicros) {
    return deleteMessages.bind(timestampMicros, subject.name(), bucket, toId);
  }

  BoundStatement deleteBucket(Subject subject, long bucket, long timestampMicros) {
    return deleteBucket.bind(timestampMicros, subject.name(), bucket);
  }

  /** Of equal timestamps the deletion wins, and no index row has a later one. */
  BoundStatement deleteIndex(Subject subject, long bucket) {
    return deleteIndex.bind(Lifetime.NEVER_MICROS, subject.name(), Buckets.epoch(bucket), bucket);
  }

  /** Column: epoch. */
  BoundStatement selectEpoch(Subject subject, long fromEpoch, long toEpoch) {
    return selectEpoch.bind(subject.name(), fromEpoch, toEpoch);
  }
}
