package org.raftbroker.storage.postgres;

import java.time.Duration;
import org.raftbroker.config.ConfigSection;

/**
 * Where PostgreSQL is and how it is used. YAML section {@code postgres}.
 *
 * @param url JDBC address of the database; default jdbc:postgresql://127.0.0.1:5432/raftbroker
 * @param username default raftbroker
 * @param password default none; never shown
 * @param schema where the tables are: lower-case letters, digits and {@code _}; default raftbroker.
 *     Created if it is not there; one for each cluster
 * @param maxConnections connections of this node; 1 to 100, default 4. An archiver uses one while
 *     it records a step, a few times a second for each shard that this node leads
 * @param connectTimeout how long to wait for a connection; 250ms to 5m, default 5s
 * @param queryTimeout how long to wait for an answer; 1s to 1h, in whole seconds, default 30s
 */
public record PostgresConfig(
    String url,
    String username,
    String password,
    String schema,
    int maxConnections,
    Duration connectTimeout,
    Duration queryTimeout) {
  public static final PostgresConfig DEFAULT =
      new PostgresConfig(
          "jdbc:postgresql://127.0.0.1:5432/raftbroker",
          "raftbroker",
          "",
          "raftbroker",
          4,
          Duration.ofSeconds(5),
          Duration.ofSeconds(30));

  private static final String URL_START = "jdbc:postgresql:";
  private static final String SCHEMA = "[a-z][a-z0-9_]{0,62}";

  public static PostgresConfig read(ConfigSection yaml) {
    return new PostgresConfig(
        url(yaml),
        yaml.text("username", DEFAULT.username),
        yaml.text("password", DEFAULT.password),
        schema(yaml),
        yaml.count("maxConnections", DEFAULT.maxConnections, 1, 100),
        yaml.duration(
            "connectTimeout",
            DEFAULT.connectTimeout,
            Duration.ofMillis(250),
            Duration.ofMinutes(5)),
        yaml.duration(
            "queryTimeout", DEFAULT.queryTimeout, Duration.ofSeconds(1), Duration.ofHours(1)));
  }

  private static String url(ConfigSection yaml) {
    String text = yaml.text("url", DEFAULT.url);
    if (!text.startsWith(URL_START)) {
      yaml.problem("url", "must be as " + DEFAULT.url);
      return DEFAULT.url;
    }
    if (text.contains("password=")) {
      yaml.problem("url", "must not have the password in it; set postgres.password");
      return DEFAULT.url;
    }
    return text;
  }

  private static String schema(ConfigSection yaml) {
    String text = yaml.text("schema", DEFAULT.schema);
    if (!text.matches(SCHEMA)) {
      yaml.problem(
          "schema", "must be a lower-case letter and up to 62 lower-case letters, digits or _");
      return DEFAULT.schema;
    }
    return text;
  }

  /** As messages name this PostgreSQL. */
  String where() {
    return "PostgreSQL at " + url.substring(URL_START.length());
  }

  @Override
  public String toString() {
    return where() + ", user " + username + ", schema " + schema;
  }
}
