package org.raftbroker.storage.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.raftbroker.storage.ArchiveException;

/** Brings the tables to this version of the broker, and makes sure that they are this cluster's. */
final class CatalogSchema {
  private static final String MIGRATIONS = "classpath:org/raftbroker/storage/postgres";

  private static final String INSUFFICIENT_PRIVILEGE = "42501"; // a SQLSTATE

  /** Tries to get Flyway's lock, a second apart, while another node migrates. */
  private static final int LOCK_RETRIES = 30;

  private final PostgresConfig config;
  private final String clusterName;
  private final int shards;

  CatalogSchema(PostgresConfig config, String clusterName, int shards) {
    this.config = config;
    this.clusterName = clusterName;
    this.shards = shards;
  }

  /**
   * Safe when several nodes do it at once: Flyway holds a lock in the database, and one row decides
   * whose the catalog is.
   *
   * @throws org.flywaydb.core.api.FlywayException if a migration fails
   * @throws ArchiveException if the schema is newer, or another cluster's
   */
  void prepare(DataSource database) throws SQLException {
    try (Connection connection = database.getConnection()) {
      connection.setAutoCommit(true);
      requireUtf8(connection);
      requireSchemaOrRight(connection);
      migrate(database);
      claim(connection);
    }
  }

  private void requireUtf8(Connection connection) throws SQLException {
    try (PreparedStatement show = connection.prepareStatement("SHOW server_encoding");
        ResultSet row = show.executeQuery()) {
      row.next();
      if (!row.getString(1).equals("UTF8")) {
        throw new ArchiveException(
            "the database at "
                + config.url()
                + " has encoding "
                + row.getString(1)
                + ", which cannot hold every subject; create one with ENCODING 'UTF8'");
      }
    }
  }

  /** Flyway would find out by itself, after trying for nine seconds. */
  private void requireSchemaOrRight(Connection connection) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT to_regnamespace(?) IS NOT NULL"
                + " OR has_database_privilege(current_database(), 'CREATE')")) {
      query.setString(1, config.schema());
      try (ResultSet row = query.executeQuery()) {
        row.next();
        if (!row.getBoolean(1)) {
          throw new SQLException(
              "schema \"" + config.schema() + "\" does not exist", INSUFFICIENT_PRIVILEGE);
        }
      }
    }
  }

  private void migrate(DataSource database) {
    Flyway flyway =
        Flyway.configure(CatalogSchema.class.getClassLoader())
            .loggers("slf4j")
            .dataSource(database)
            .defaultSchema(config.schema())
            .createSchemas(true)
            .locations(MIGRATIONS)
            .failOnMissingLocations(true)
            .placeholderReplacement(false)
            .lockRetryCount(LOCK_RETRIES)
            .load();
    MigrationInfo current = flyway.info().current();
    if (current != null && current.getState() == MigrationState.FUTURE_SUCCESS) {
      throw new ArchiveException(
          "schema \""
              + config.schema()
              + "\" at "
              + config.url()
              + " has version "
              + current.getVersion()
              + ", which a newer RaftBroker wrote; run that version on this node too");
    }
    flyway.migrate();
  }

  private void claim(Connection connection) throws SQLException {
    try (PreparedStatement claim =
        connection.prepareStatement(
            "INSERT INTO cluster (name, shards, created_at) VALUES (?, ?, now())"
                + " ON CONFLICT DO NOTHING")) {
      claim.setString(1, clusterName);
      claim.setInt(2, shards);
      claim.executeUpdate();
    }
    try (PreparedStatement owner = connection.prepareStatement("SELECT name, shards FROM cluster");
        ResultSet row = owner.executeQuery()) {
      row.next();
      if (!row.getString(1).equals(clusterName) || row.getInt(2) != shards) {
        throw new ArchiveException(
            "schema \""
                + config.schema()
                + "\" at "
                + config.url()
                + " belongs to cluster \""
                + row.getString(1)
                + "\" with "
                + row.getInt(2)
                + " shards, this node to \""
                + clusterName
                + "\" with "
                + shards
                + "; set postgres.schema to one of its own, or cluster.name and cluster.shards to"
                + " those of the catalog");
      }
    }
  }
}
