package org.raftbroker.storage.postgres;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.raftbroker.message.Subject;
import org.raftbroker.storage.ArchiveException;
import org.raftbroker.storage.Catalog;
import org.raftbroker.storage.Changes.ReservedRun;

/**
 * The catalog in PostgreSQL. The schema is made, or brought up to date, by the first call that
 * reaches the database; a database that is down fails calls, nothing else.
 *
 * <p>Two leaders at once are harmless at the usual isolation: a step begins by raising the shard's
 * position, which locks the shard's row and changes nothing if the position is there already, and
 * all values of a subject only rise.
 */
public final class PostgresCatalog implements Catalog {
  private static final String MIGRATIONS = "classpath:org/raftbroker/storage/postgres/migrations";

  private static final String RAISE_POSITION =
      "UPDATE shards SET archived_index = ?, archived_at = ?, backlog_messages = ?"
          + " WHERE shard = ? AND incarnation = ? AND archived_index < ?";

  private static final String UPSERT_SUBJECTS =
      "INSERT INTO subjects (name, shard, last_id, archived_id, archived_message_id,"
          + " archived_checksum, archived_messages, archived_bytes)"
          + " SELECT s.name, ?, s.last_id, s.archived_id, s.message_id, s.checksum, s.messages,"
          + " s.bytes FROM unnest(?, ?, ?, ?, ?, ?, ?)"
          + " AS s(name, last_id, archived_id, message_id, checksum, messages, bytes)"
          + " ON CONFLICT (name) DO UPDATE SET"
          + " last_id = GREATEST(subjects.last_id, excluded.last_id),"
          + " archived_id = GREATEST(subjects.archived_id, excluded.archived_id),"
          + " archived_message_id ="
          + " GREATEST(subjects.archived_message_id, excluded.archived_message_id),"
          + " archived_checksum ="
          + " CASE WHEN excluded.archived_message_id > subjects.archived_message_id"
          + " THEN excluded.archived_checksum ELSE subjects.archived_checksum END,"
          + " archived_messages ="
          + " GREATEST(subjects.archived_messages, excluded.archived_messages),"
          + " archived_bytes = GREATEST(subjects.archived_bytes, excluded.archived_bytes),"
          + " updated_at = now()";

  private static final String UPSERT_RESERVED =
      "INSERT INTO reserved_ids (subject, from_id, to_id)"
          + " SELECT r.subject, r.from_id, max(r.to_id)"
          + " FROM unnest(?, ?, ?) AS r(subject, from_id, to_id) GROUP BY r.subject, r.from_id"
          + " ON CONFLICT (subject, from_id)"
          + " DO UPDATE SET to_id = GREATEST(reserved_ids.to_id, excluded.to_id)";

  private static final String BEGIN_INCARNATION =
      "INSERT INTO shards (shard, incarnation, archived_index) VALUES (?, ?, -1)"
          + " ON CONFLICT (shard) DO UPDATE SET incarnation = excluded.incarnation,"
          + " archived_index = -1 WHERE shards.incarnation < excluded.incarnation";

  private static final String KEEP_SKIPPED =
      "INSERT INTO reserved_ids (subject, from_id, to_id)"
          + " SELECT name, archived_id + 1, last_id + ? FROM subjects WHERE shard = ?"
          + " ON CONFLICT (subject, from_id)"
          + " DO UPDATE SET to_id = GREATEST(reserved_ids.to_id, excluded.to_id)";

  private static final String SKIP =
      "UPDATE subjects SET last_id = last_id + ?, archived_id = last_id + ?, updated_at = now()"
          + " WHERE shard = ?";

  private static final String SHARD =
      "SELECT incarnation, archived_index, archived_at, backlog_messages,"
          + " (SELECT count(*) FROM subjects WHERE subjects.shard = shards.shard)"
          + " FROM shards WHERE shard = ?";

  private static final String SUBJECTS =
      "SELECT name, last_id, archived_id, archived_message_id, archived_checksum,"
          + " archived_messages, archived_bytes FROM subjects"
          + " WHERE shard = ? AND name > ? ORDER BY name LIMIT ?";

  private static final String RESERVED =
      "SELECT subject, from_id, to_id FROM reserved_ids WHERE subject = ANY (?)"
          + " ORDER BY subject, from_id";

  private final PostgresConfig config;
  private final String cluster;
  private final int shards;
  private final HikariDataSource pool;

  // Guarded by "this".
  private boolean prepared;

  /** Connects to nothing yet. */
  public PostgresCatalog(PostgresConfig config, String cluster, int shards) {
    this.config = config;
    this.cluster = cluster;
    this.shards = shards;
    HikariConfig settings = new HikariConfig();
    settings.setJdbcUrl(config.url());
    settings.setUsername(config.username());
    settings.setPassword(config.password());
    settings.setSchema(config.schema());
    settings.setPoolName("catalog");
    settings.setMaximumPoolSize(config.maxConnections());
    settings.setMinimumIdle(0);
    settings.setConnectionTimeout(config.connectTimeout().toMillis());
    settings.setInitializationFailTimeout(-1); // a database that is down is no reason not to start
    long connectSeconds = Math.max(1, config.connectTimeout().toSeconds());
    settings.addDataSourceProperty("connectTimeout", Long.toString(connectSeconds));
    settings.addDataSourceProperty("loginTimeout", Long.toString(connectSeconds));
    settings.addDataSourceProperty(
        "socketTimeout", Long.toString(config.queryTimeout().toSeconds()));
    settings.addDataSourceProperty("ApplicationName", "raftbroker " + cluster);
    settings.addDataSourceProperty("reWriteBatchedInserts", "true");
    this.pool = new HikariDataSource(settings);
  }

  @Override
  public Optional<ArchivedShard> shard(int shard) {
    return inTransaction(
        "read how far shard " + shard + " is archived",
        connection -> {
          try (PreparedStatement select = connection.prepareStatement(SHARD)) {
            select.setInt(1, shard);
            ResultSet row = select.executeQuery();
            if (!row.next()) {
              return Optional.empty();
            }
            Timestamp archivedAt = row.getTimestamp(3);
            return Optional.of(
                new ArchivedShard(
                    shard,
                    row.getLong(1),
                    row.getLong(2),
                    archivedAt == null ? 0 : archivedAt.getTime(),
                    row.getLong(4),
                    row.getLong(5)));
          }
        });
  }

  @Override
  public void open(int shard, long incarnation, long skippedIds) {
    inTransaction(
        "begin incarnation " + incarnation + " of shard " + shard,
        connection -> {
          try (PreparedStatement begin = connection.prepareStatement(BEGIN_INCARNATION)) {
            begin.setInt(1, shard);
            begin.setLong(2, incarnation);
            if (begin.executeUpdate() == 0) {
              requireNewest(connection, shard, incarnation);
              return incarnation;
            }
          }
          try (PreparedStatement keep = connection.prepareStatement(KEEP_SKIPPED)) {
            keep.setLong(1, skippedIds);
            keep.setInt(2, shard);
            keep.executeUpdate();
          }
          try (PreparedStatement skip = connection.prepareStatement(SKIP)) {
            skip.setLong(1, skippedIds);
            skip.setLong(2, skippedIds);
            skip.setInt(3, shard);
            skip.executeUpdate();
          }
          return incarnation;
        });
  }

  @Override
  public void record(ArchiveStep step) {
    inTransaction(
        "record that shard " + step.shard() + " is archived up to entry " + step.upToIndex(),
        connection -> {
          if (raisePosition(connection, step)) {
            upsertSubjects(connection, step);
            upsertReserved(connection, step);
          } else {
            requireNewest(connection, step.shard(), step.incarnation());
          }
          return step;
        });
  }

  private static boolean raisePosition(Connection connection, ArchiveStep step)
      throws SQLException {
    try (PreparedStatement raise = connection.prepareStatement(RAISE_POSITION)) {
      raise.setLong(1, step.upToIndex());
      raise.setTimestamp(2, Timestamp.from(Instant.ofEpochMilli(step.atMillis())));
      raise.setLong(3, step.backlogMessages());
      raise.setInt(4, step.shard());
      raise.setLong(5, step.incarnation());
      raise.setLong(6, step.upToIndex());
      return raise.executeUpdate() == 1;
    }
  }

  private static void upsertSubjects(Connection connection, ArchiveStep step) throws SQLException {
    List<ArchivedSubject> subjects = step.subjects();
    try (PreparedStatement upsert = connection.prepareStatement(UPSERT_SUBJECTS)) {
      upsert.setInt(1, step.shard());
      upsert.setArray(2, array(connection, "text", subjects, s -> s.subject().name()));
      upsert.setArray(3, array(connection, "bigint", subjects, ArchivedSubject::lastId));
      upsert.setArray(4, array(connection, "bigint", subjects, ArchivedSubject::archivedId));
      upsert.setArray(5, array(connection, "bigint", subjects, ArchivedSubject::archivedMessageId));
      upsert.setArray(6, array(connection, "integer", subjects, ArchivedSubject::archivedChecksum));
      upsert.setArray(7, array(connection, "bigint", subjects, ArchivedSubject::messages));
      upsert.setArray(8, array(connection, "bigint", subjects, ArchivedSubject::bytes));
      upsert.executeUpdate();
    }
  }

  private static void upsertReserved(Connection connection, ArchiveStep step) throws SQLException {
    List<ReservedRun> runs = step.reserved();
    if (runs.isEmpty()) {
      return;
    }
    try (PreparedStatement upsert = connection.prepareStatement(UPSERT_RESERVED)) {
      upsert.setArray(1, array(connection, "text", runs, run -> run.subject().name()));
      upsert.setArray(2, array(connection, "bigint", runs, ReservedRun::fromId));
      upsert.setArray(3, array(connection, "bigint", runs, ReservedRun::toId));
      upsert.executeUpdate();
    }
  }

  private static <T> Array array(
      Connection connection, String type, List<T> rows, Function<T, Object> column)
      throws SQLException {
    return connection.createArrayOf(type, rows.stream().map(column).toArray());
  }

  private void requireNewest(Connection connection, int shard, long incarnation)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(SHARD)) {
      select.setInt(1, shard);
      ResultSet row = select.executeQuery();
      long newest = row.next() ? row.getLong(1) : 0;
      if (newest != incarnation) {
        throw new ArchiveException(
            "shard "
                + shard
                + " has incarnation "
                + newest
                + " in the catalog, and "
                + incarnation
                + " here: another cluster has taken it over; stop one of the two ("
                + config.where()
                + ", schema "
                + config.schema()
                + ")");
      }
    }
  }

  @Override
  public List<ArchivedSubject> subjects(int shard, String afterName, int limit) {
    return inTransaction(
        "list subjects of shard " + shard,
        connection -> {
          List<ArchivedSubject> page = new ArrayList<>();
          try (PreparedStatement select = connection.prepareStatement(SUBJECTS)) {
            select.setInt(1, shard);
            select.setString(2, afterName);
            select.setInt(3, limit);
            ResultSet row = select.executeQuery();
            while (row.next()) {
              page.add(
                  new ArchivedSubject(
                      Subject.accepted(row.getString(1)),
                      row.getLong(2),
                      row.getLong(3),
                      row.getLong(4),
                      row.getInt(5),
                      row.getLong(6),
                      row.getLong(7)));
            }
          }
          return page;
        });
  }

  @Override
  public Map<Subject, List<ReservedRun>> reserved(List<Subject> subjects) {
    return inTransaction(
        "list reserved ids",
        connection -> {
          Map<Subject, List<ReservedRun>> runsBySubject = new HashMap<>();
          try (PreparedStatement select = connection.prepareStatement(RESERVED)) {
            select.setArray(1, array(connection, "text", subjects, Subject::name));
            ResultSet row = select.executeQuery();
            while (row.next()) {
              Subject subject = Subject.accepted(row.getString(1));
              runsBySubject
                  .computeIfAbsent(subject, s -> new ArrayList<>())
                  .add(new ReservedRun(subject, row.getLong(2), row.getLong(3)));
            }
          }
          return runsBySubject;
        });
  }

  @Override
  public void close() {
    pool.close();
  }

  private interface Action<T> {
    T on(Connection connection) throws SQLException;
  }

  private <T> T inTransaction(String what, Action<T> action) {
    try {
      prepare();
      try (Connection connection = pool.getConnection()) {
        connection.setAutoCommit(false);
        try {
          T result = action.on(connection);
          connection.commit();
          return result;
        } catch (SQLException | RuntimeException e) {
          rollBack(connection, e);
          throw e;
        }
      }
    } catch (SQLException e) {
      throw PostgresFailure.of(config, what, e);
    }
  }

  private static void rollBack(Connection connection, Exception cause) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      cause.addSuppressed(e); // the connection is lost, and the transaction with it
    }
  }

  /** Makes the schema, and makes sure that it is this cluster's. */
  private synchronized void prepare() throws SQLException {
    if (prepared) {
      return;
    }
    // Before Flyway, whose failures hide the cause.
    pool.getConnection().close();
    try {
      Flyway.configure()
          .dataSource(pool)
          .schemas(config.schema())
          .locations(MIGRATIONS)
          .table("schema_version")
          .ignoreMigrationPatterns(
              new String[0]) // what a newer version has made is not ours to change
          .load()
          .migrate();
    } catch (FlywayException e) {
      throw PostgresFailure.ofMigration(config, e);
    }
    claim();
    prepared = true;
  }

  private void claim() throws SQLException {
    try (Connection connection = pool.getConnection()) {
      try (PreparedStatement insert =
          connection.prepareStatement(
              "INSERT INTO cluster (name, shards) VALUES (?, ?) ON CONFLICT DO NOTHING")) {
        insert.setString(1, cluster);
        insert.setInt(2, shards);
        insert.executeUpdate();
      }
      try (PreparedStatement select =
          connection.prepareStatement("SELECT name, shards FROM cluster")) {
        ResultSet row = select.executeQuery();
        row.next();
        if (!row.getString(1).equals(cluster) || row.getInt(2) != shards) {
          throw new ArchiveException(
              "schema "
                  + config.schema()
                  + " of "
                  + config.where()
                  + " belongs to the cluster \""
                  + row.getString(1)
                  + "\" of "
                  + row.getInt(2)
                  + " shards, this is \""
                  + cluster
                  + "\" of "
                  + shards
                  + "; name another schema (postgres.schema), or set cluster.name and"
                  + " cluster.shards back");
        }
      }
    }
  }
}
