package org.raftbroker.storage.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.storage.ArchiveException;
import org.raftbroker.storage.Catalog;
import org.raftbroker.storage.Changes.ReservedRun;
import org.raftbroker.storage.Incarnation;

/**
 * The catalog in a PostgreSQL schema of its own. Works while the database is up, and again as soon
 * as it is back; a call that fails says why, and what to do.
 */
public final class PostgresCatalog implements Catalog {
  /** Bounds the memory of one statement, and how much of the query's timeout it needs. */
  private static final int MAX_ROWS = 5000;

  private static final String ADVANCE =
      """
      UPDATE shards SET archived_index = ?, archived_at = ?, backlog_messages = ?
      WHERE shard = ? AND incarnation = ? AND log_id = ? AND archived_index < ?""";

  private static final String UPSERT_SUBJECTS =
      """
      INSERT INTO subjects AS known
        (name, shard, last_id, archived_id, archived_message_id, archived_checksum,
         archived_messages, archived_bytes, first_id, deleted, default_expiration_seconds,
         max_body_bytes, max_messages, max_age_seconds, max_bytes, created_at, updated_at)
      SELECT name, ?, last_id, archived_id, message_id, checksum, messages, bytes, first_id,
        created_millis = 0, expiration, max_body, max_messages, max_age, max_bytes,
        CASE WHEN created_millis = 0 THEN now ELSE to_timestamp(created_millis / 1000.0) END, now
      FROM (SELECT ?::timestamptz AS now) AS clock,
        unnest(?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::integer[], ?::bigint[],
          ?::bigint[], ?::bigint[], ?::bigint[], ?::integer[], ?::integer[], ?::bigint[],
          ?::integer[], ?::bigint[])
        AS step (name, last_id, archived_id, message_id, checksum, messages, bytes, first_id,
          created_millis, expiration, max_body, max_messages, max_age, max_bytes)
      ON CONFLICT (name) DO UPDATE SET
        last_id = GREATEST(known.last_id, EXCLUDED.last_id),
        archived_id = GREATEST(known.archived_id, EXCLUDED.archived_id),
        archived_message_id = GREATEST(known.archived_message_id, EXCLUDED.archived_message_id),
        archived_checksum = CASE WHEN EXCLUDED.archived_message_id > known.archived_message_id
          THEN EXCLUDED.archived_checksum ELSE known.archived_checksum END,
        archived_messages = EXCLUDED.archived_messages,
        archived_bytes = EXCLUDED.archived_bytes,
        first_id = GREATEST(known.first_id, EXCLUDED.first_id),
        deleted = EXCLUDED.deleted,
        default_expiration_seconds = EXCLUDED.default_expiration_seconds,
        max_body_bytes = EXCLUDED.max_body_bytes,
        max_messages = EXCLUDED.max_messages,
        max_age_seconds = EXCLUDED.max_age_seconds,
        max_bytes = EXCLUDED.max_bytes,
        created_at = CASE WHEN EXCLUDED.deleted THEN known.created_at ELSE EXCLUDED.created_at END,
        updated_at = EXCLUDED.updated_at""";

  /** A run may come twice in one step, the second time longer. */
  private static final String UPSERT_RESERVED =
      """
      INSERT INTO reserved_ids AS known (subject, from_id, to_id)
      SELECT subject, from_id, max(to_id)
      FROM unnest(?::text[], ?::bigint[], ?::bigint[]) AS step (subject, from_id, to_id)
      GROUP BY subject, from_id
      ON CONFLICT (subject, from_id) DO UPDATE SET
        to_id = GREATEST(known.to_id, EXCLUDED.to_id)""";

  private static final String KEEP_SKIPPED =
      """
      INSERT INTO reserved_ids AS known (subject, from_id, to_id)
      SELECT name, archived_id + 1, last_id + ? FROM subjects WHERE shard = ?
      ON CONFLICT (subject, from_id) DO UPDATE SET
        to_id = GREATEST(known.to_id, EXCLUDED.to_id)""";

  private static final String SKIP =
      """
      UPDATE subjects SET last_id = last_id + ?, archived_id = last_id + ?, updated_at = now()
      WHERE shard = ?""";

  private final PostgresConfig config;
  private final CatalogDatabase database;

  /**
   * Connects to nothing yet: the first call does, and later ones if that failed.
   *
   * @param clusterName the first node to come claims the schema for its cluster; nodes of others
   *     are refused
   * @param shards as many as the cluster has; never changes
   */
  public PostgresCatalog(PostgresConfig config, String clusterName, int shards) {
    this.config = config;
    this.database = new CatalogDatabase(config, new CatalogSchema(config, clusterName, shards));
  }

  @Override
  public Optional<ArchivedShard> shard(int shard) {
    return database.call(
        connection -> {
          try (PreparedStatement query =
              connection.prepareStatement(
                  "SELECT incarnation, archived_index, archived_at, backlog_messages,"
                      + " (SELECT count(*) FROM subjects WHERE subjects.shard = shards.shard)"
                      + " FROM shards WHERE shard = ?")) {
            query.setInt(1, shard);
            try (ResultSet row = query.executeQuery()) {
              if (!row.next()) {
                return Optional.empty();
              }
              OffsetDateTime archivedAt = row.getObject(3, OffsetDateTime.class);
              return Optional.of(
                  new ArchivedShard(
                      shard,
                      row.getLong(1),
                      row.getLong(2),
                      millis(archivedAt),
                      row.getLong(4),
                      row.getLong(5)));
            }
          }
        });
  }

  @Override
  public void open(int shard, Incarnation incarnation, long skippedIds) {
    database.call(
        connection -> {
          try (PreparedStatement begin =
              connection.prepareStatement(
                  "INSERT INTO shards AS known (shard, incarnation, log_id, archived_index,"
                      + " backlog_messages) VALUES (?, ?, ?, -1, 0)"
                      + " ON CONFLICT (shard) DO UPDATE SET incarnation = EXCLUDED.incarnation,"
                      + " log_id = EXCLUDED.log_id,"
                      + " archived_index = -1, archived_at = NULL, backlog_messages = 0"
                      + " WHERE known.incarnation < EXCLUDED.incarnation")) {
            begin.setInt(1, shard);
            begin.setLong(2, incarnation.number());
            begin.setLong(3, incarnation.logId());
            if (begin.executeUpdate() == 0) {
              refuseIfTakenOver(shard, incarnation, newest(connection, shard));
              return true;
            }
          }
          if (skippedIds > 0) {
            skip(connection, shard, skippedIds);
          }
          return true;
        });
  }

  private static void skip(Connection connection, int shard, long ids) throws SQLException {
    try (PreparedStatement keep = connection.prepareStatement(KEEP_SKIPPED)) {
      keep.setLong(1, ids);
      keep.setInt(2, shard);
      keep.executeUpdate();
    }
    try (PreparedStatement skip = connection.prepareStatement(SKIP)) {
      skip.setLong(1, ids);
      skip.setLong(2, ids);
      skip.setInt(3, shard);
      skip.executeUpdate();
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Two leaders at once are harmless, and READ COMMITTED is enough for that. The first statement
   * locks the shard's row until the end of the transaction, so steps of one shard come one after
   * the other; the second of two that wait looks at its condition again, on the row as the first
   * has committed it. So only a step that goes further than all before it writes, and what it
   * writes is absolute and covers what they wrote. Subjects belong to one shard each, so nobody
   * else touches their rows, and there is nothing to deadlock on.
   */
  @Override
  public void record(ArchiveStep step) {
    database.call(
        connection -> {
          if (advance(connection, step)) {
            for (int from = 0; from < step.subjects().size(); from += MAX_ROWS) {
              upsertSubjects(connection, step, page(step.subjects(), from));
            }
            for (int from = 0; from < step.reserved().size(); from += MAX_ROWS) {
              upsertReserved(connection, page(step.reserved(), from));
            }
          }
          return true;
        });
  }

  private static <T> List<T> page(List<T> all, int from) {
    return all.subList(from, Math.min(all.size(), from + MAX_ROWS));
  }

  /** Whether the step goes beyond what is recorded. */
  private boolean advance(Connection connection, ArchiveStep step) throws SQLException {
    try (PreparedStatement advance = connection.prepareStatement(ADVANCE)) {
      advance.setLong(1, step.upToIndex());
      advance.setObject(2, time(step.atMillis()));
      advance.setLong(3, step.backlogMessages());
      advance.setInt(4, step.shard());
      advance.setLong(5, step.incarnation().number());
      advance.setLong(6, step.incarnation().logId());
      advance.setLong(7, step.upToIndex());
      if (advance.executeUpdate() == 1) {
        return true;
      }
    }
    Incarnation newest = newest(connection, step.shard());
    refuseIfTakenOver(step.shard(), step.incarnation(), newest);
    if (newest.number() < step.incarnation().number()) {
      throw new ArchiveException(
          "shard "
              + step.shard()
              + " is at incarnation "
              + newest.number()
              + " in the catalog at "
              + config.url()
              + ", not at "
              + step.incarnation().number()
              + ", which was never opened there; was the database restored from an old backup?");
    }
    return false;
  }

  private void refuseIfTakenOver(int shard, Incarnation incarnation, Incarnation newest) {
    boolean isOther =
        newest.number() == incarnation.number() && newest.logId() != incarnation.logId();
    if (newest.number() > incarnation.number() || isOther) {
      throw new ArchiveException(
          "another cluster has taken over shard "
              + shard
              + " in the catalog at "
              + config.url()
              + ": incarnation "
              + newest.number()
              + " has begun, "
              + (isOther ? "with another log than this one's" : "this is " + incarnation.number())
              + "; stop this cluster, what it has not archived is only in its own stores");
    }
  }

  /** The newest incarnation of a shard. */
  private static Incarnation newest(Connection connection, int shard) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement("SELECT incarnation, log_id FROM shards WHERE shard = ?")) {
      query.setInt(1, shard);
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? new Incarnation(row.getLong(1), row.getLong(2)) : Incarnation.NONE;
      }
    }
  }

  private static void upsertSubjects(
      Connection connection, ArchiveStep step, List<ArchivedSubject> subjects) throws SQLException {
    try (PreparedStatement upsert = connection.prepareStatement(UPSERT_SUBJECTS)) {
      upsert.setInt(1, step.shard());
      upsert.setObject(2, time(step.atMillis()));
      upsert.setObject(3, texts(subjects, subject -> subject.subject().name()));
      upsert.setObject(4, numbers(subjects, ArchivedSubject::lastId));
      upsert.setObject(5, numbers(subjects, ArchivedSubject::archivedId));
      upsert.setObject(6, numbers(subjects, ArchivedSubject::archivedMessageId));
      upsert.setObject(7, integers(subjects, ArchivedSubject::archivedChecksum));
      upsert.setObject(8, numbers(subjects, ArchivedSubject::messages));
      upsert.setObject(9, numbers(subjects, ArchivedSubject::bytes));
      upsert.setObject(10, numbers(subjects, ArchivedSubject::firstId));
      upsert.setObject(11, numbers(subjects, ArchivedSubject::createdAtMillis));
      List<SubjectSettings> settings = subjects.stream().map(ArchivedSubject::settings).toList();
      upsert.setObject(12, integers(settings, SubjectSettings::defaultExpirationSeconds));
      upsert.setObject(13, integers(settings, SubjectSettings::maxBodyBytes));
      upsert.setObject(14, numbers(settings, SubjectSettings::maxMessages));
      upsert.setObject(15, integers(settings, SubjectSettings::maxAgeSeconds));
      upsert.setObject(16, numbers(settings, SubjectSettings::maxBytes));
      upsert.executeUpdate();
    }
  }

  private static void upsertReserved(Connection connection, List<ReservedRun> runs)
      throws SQLException {
    try (PreparedStatement upsert = connection.prepareStatement(UPSERT_RESERVED)) {
      upsert.setObject(1, texts(runs, run -> run.subject().name()));
      upsert.setObject(2, numbers(runs, ReservedRun::fromId));
      upsert.setObject(3, numbers(runs, ReservedRun::toId));
      upsert.executeUpdate();
    }
  }

  private static <T> String[] texts(List<T> rows, Function<T, String> column) {
    return rows.stream().map(column).toArray(String[]::new);
  }

  private static <T> long[] numbers(List<T> rows, ToLongFunction<T> column) {
    return rows.stream().mapToLong(column).toArray();
  }

  private static <T> int[] integers(List<T> rows, ToIntFunction<T> column) {
    return rows.stream().mapToInt(column).toArray();
  }

  /** 0 for none. */
  private static long millis(@Nullable OffsetDateTime time) {
    return time == null ? 0 : time.toInstant().toEpochMilli();
  }

  private static OffsetDateTime time(long millis) {
    return Instant.ofEpochMilli(millis).atOffset(ZoneOffset.UTC);
  }

  @Override
  public List<ArchivedSubject> subjects(int shard, String afterName, int limit) {
    return database.call(
        connection -> {
          try (PreparedStatement query =
              connection.prepareStatement(
                  "SELECT name, last_id, archived_id, archived_message_id, archived_checksum,"
                      + " archived_messages, archived_bytes, first_id,"
                      + " CASE WHEN deleted THEN NULL ELSE created_at END,"
                      + " default_expiration_seconds, max_body_bytes, max_messages,"
                      + " max_age_seconds, max_bytes FROM subjects"
                      + " WHERE shard = ? AND name > ? ORDER BY name LIMIT ?")) {
            query.setInt(1, shard);
            query.setString(2, afterName);
            query.setInt(3, limit);
            try (ResultSet row = query.executeQuery()) {
              List<ArchivedSubject> page = new ArrayList<>();
              while (row.next()) {
                page.add(archivedSubject(row));
              }
              return page;
            }
          }
        });
  }

  private static ArchivedSubject archivedSubject(ResultSet row) throws SQLException {
    OffsetDateTime createdAt = row.getObject(9, OffsetDateTime.class);
    return new ArchivedSubject(
        Subject.accepted(row.getString(1)),
        row.getLong(2),
        row.getLong(3),
        row.getLong(4),
        row.getInt(5),
        row.getLong(6),
        row.getLong(7),
        row.getLong(8),
        millis(createdAt),
        new SubjectSettings(
            row.getInt(10), row.getInt(11), row.getLong(12), row.getInt(13), row.getLong(14)));
  }

  @Override
  public Map<Subject, List<ReservedRun>> reserved(List<Subject> subjects) {
    return database.call(
        connection -> {
          try (PreparedStatement query =
              connection.prepareStatement(
                  "SELECT subject, from_id, to_id FROM reserved_ids"
                      + " WHERE subject = ANY (?::text[]) ORDER BY subject, from_id")) {
            query.setObject(1, texts(subjects, Subject::name));
            try (ResultSet row = query.executeQuery()) {
              Map<Subject, List<ReservedRun>> runsBySubject = new HashMap<>();
              while (row.next()) {
                Subject subject = Subject.accepted(row.getString(1));
                runsBySubject
                    .computeIfAbsent(subject, s -> new ArrayList<>())
                    .add(new ReservedRun(subject, row.getLong(2), row.getLong(3)));
              }
              return runsBySubject;
            }
          }
        });
  }

  @Override
  public void close() {
    database.close();
  }
}
