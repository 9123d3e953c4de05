package org.raftbroker.storage.postgres;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.raftbroker.storage.ArchiveException;

/** Says what a failure of the driver means for whoever runs the broker, and what to do. */
final class Failures {
  private final PostgresConfig config;

  Failures(PostgresConfig config) {
    this.config = config;
  }

  ArchiveException of(Throwable failure) {
    SQLException reason = reason(failure);
    String message =
        reason == null
            ? "failed: " + failure.getMessage()
            : meaning(state(reason), oneLine(reason));
    return new ArchiveException("PostgreSQL at " + config.url() + " " + message, failure);
  }

  /** The deepest one with a state: what the pool or Flyway wrap around it says less. */
  private static @Nullable SQLException reason(Throwable failure) {
    SQLException reason = null;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql
          && (reason == null || !state(sql).isEmpty() || state(reason).isEmpty())) {
        reason = sql;
      }
    }
    return reason;
  }

  private static String oneLine(SQLException failure) {
    return String.valueOf(failure.getMessage()).replaceAll("\\s+", " ");
  }

  private static String state(SQLException failure) {
    String state = failure.getSQLState();
    return state == null ? "" : state;
  }

  /** SQLSTATEs: PostgreSQL's documentation, appendix A. */
  private String meaning(String state, String said) {
    return switch (state) {
      case "28P01", "08004" -> // the driver's answer where a password is wanted and none is set
          "does not accept the password of user \""
              + config.username()
              + "\"; set postgres.username and postgres.password (BROKER_POSTGRES_PASSWORD): "
              + said;
      case "28000" ->
          "does not let user \""
              + config.username()
              + "\" in from here; look at pg_hba.conf and the user's rights: "
              + said;
      case "3D000" ->
          "has no such database; create it (CREATE DATABASE ... OWNER "
              + config.username()
              + " ENCODING 'UTF8'), or set postgres.url: "
              + said;
      case "42501" ->
          "does not permit user \""
              + config.username()
              + "\" what the catalog needs; let it create the schema (GRANT CREATE ON DATABASE ... TO "
              + config.username()
              + "), or create it (CREATE SCHEMA "
              + config.schema()
              + " AUTHORIZATION "
              + config.username()
              + "): "
              + said;
      case "53300" ->
          "has no connection left for us; raise its max_connections or lower"
              + " postgres.maxConnections: "
              + said;
      case "53100" -> "has no disk space left; make room: " + said;
      case "25006" -> "is read-only; set postgres.url to the primary: " + said;
      case "57014" -> slow(said);
      case "42P01", "3F000" ->
          "lost the tables of schema \""
              + config.schema()
              + "\"; restore them, or restart the nodes to begin anew: "
              + said;
      default ->
          state.startsWith("08") || state.startsWith("57P") || state.isEmpty()
              ? unreachable(said)
              : "refused (SQLSTATE " + state + "): " + said;
    };
  }

  private String unreachable(String said) {
    return "cannot be reached or does not answer, or all of postgres.maxConnections are busy; is it"
        + " up, and postgres.url right? Waited at most "
        + config.connectTimeout().toSeconds()
        + " s for a connection, "
        + config.queryTimeout().toSeconds()
        + " s for an answer: "
        + said;
  }

  private String slow(String said) {
    return "did not finish within postgres.queryTimeout, "
        + config.queryTimeout().toSeconds()
        + " s; look for locks and load: "
        + said;
  }
}
