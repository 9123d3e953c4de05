package org.raftbroker.storage.postgres;

import java.sql.SQLException;
import org.flywaydb.core.api.FlywayException;
import org.jspecify.annotations.Nullable;
import org.raftbroker.storage.ArchiveException;

/** What went wrong with PostgreSQL, in words that say what to do. */
final class PostgresFailure {
  private PostgresFailure() {}

  /**
   * @param what was to be done, after "cannot"
   */
  static ArchiveException of(PostgresConfig config, String what, SQLException e) {
    SQLException cause = deepest(e);
    return new ArchiveException(
        config.where() + " cannot " + what + ": " + advice(config, cause), e);
  }

  static ArchiveException ofMigration(PostgresConfig config, FlywayException e) {
    SQLException cause = e.getCause() instanceof SQLException sql ? deepest(sql) : null;
    return new ArchiveException(
        config.where()
            + " cannot bring schema "
            + config.schema()
            + " up to date: "
            + (cause == null ? firstLine(e.getMessage()) : advice(config, cause)),
        e);
  }

  private static String advice(PostgresConfig config, SQLException e) {
    String said = firstLine(e.getMessage());
    String state = e.getSQLState() == null ? "" : e.getSQLState();
    return switch (state) {
      case "28P01", "28000" -> said + "; see postgres.username and postgres.password";
      case "3D000" -> said + "; create it, or see postgres.url";
      case "42501" ->
          said
              + "; let user "
              + config.username()
              + " create the schema, or create it for him (postgres.schema)";
      case "08001", "08006", "57P03" -> said + "; see that it runs (postgres.url)";
      default -> said;
    };
  }

  /** The pool says that there was no connection; why there was none is below that. */
  private static SQLException deepest(SQLException e) {
    SQLException deepest = e;
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        deepest = sql;
      }
    }
    return deepest;
  }

  private static String firstLine(@Nullable String text) {
    return text == null || text.isBlank()
        ? "no reason given"
        : text.strip().lines().findFirst().orElse("");
  }
}
