package org.raftbroker.storage.postgres;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Pattern;
import org.postgresql.ds.PGSimpleDataSource;
import org.raftbroker.config.ConfigSection;

/**
 * How the catalog is reached. YAML section {@code postgres}.
 *
 * @param url as JDBC has it, {@code jdbc:postgresql://host:port/database}, with options such as
 *     {@code ?sslmode=verify-full}; the password does not go here. Default the database {@code
 *     raftbroker} of this machine
 * @param username default {@code raftbroker}
 * @param password never shown; empty, the default, for a server that asks for none
 * @param schema the PostgreSQL schema that holds the tables, created if need be; 1 to 63 of a-z,
 *     0-9 and _, default {@code raftbroker}. Two clusters in one database need two
 * @param maxConnections most connections of this node; 1 to 64, default 4. More let more shards
 *     record at the same time
 * @param connectTimeout longest wait for a connection; 1 s to 60 s, default 5 s. Whole seconds
 * @param queryTimeout longest wait for an answer; 1 s to 5 min, default 10 s. Whole seconds. A call
 *     may make several requests, but the first that is not answered in time ends it
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
          Duration.ofSeconds(10));

  /** Needs no quotes, and the schemas of the system cannot be meant. */
  private static final Pattern SCHEMA = Pattern.compile("(?!pg_)[a-z_][a-z0-9_]{0,62}");

  public static PostgresConfig read(ConfigSection yaml) {
    String url = yaml.text("url", DEFAULT.url);
    if (url.toLowerCase(Locale.ROOT).contains("password=")) {
      yaml.problem("url", "must not have the password, because it is shown; set password");
    } else if (!isUsable(url)) {
      yaml.problem("url", "must be such as " + DEFAULT.url);
    }
    String username = yaml.text("username", DEFAULT.username);
    if (username.isEmpty()) {
      yaml.problem("username", "must not be empty");
    }
    String schema = yaml.text("schema", DEFAULT.schema);
    if (!SCHEMA.matcher(schema).matches()) {
      yaml.problem(
          "schema", "must be 1 to 63 of a-z, 0-9 and _, and not begin with a digit or pg_");
    }
    return new PostgresConfig(
        url,
        username,
        yaml.text("password", DEFAULT.password),
        schema,
        yaml.count("maxConnections", DEFAULT.maxConnections, 1, 64),
        yaml.duration(
            "connectTimeout",
            DEFAULT.connectTimeout,
            Duration.ofSeconds(1),
            Duration.ofSeconds(60)),
        yaml.duration(
            "queryTimeout", DEFAULT.queryTimeout, Duration.ofSeconds(1), Duration.ofMinutes(5)));
  }

  private static boolean isUsable(String url) {
    try {
      new PGSimpleDataSource().setUrl(url);
      return true;
    } catch (IllegalArgumentException e) {
      return false; // how the driver says that it cannot read it
    }
  }

  /** All but the password. */
  @Override
  public String toString() {
    return "PostgresConfig[url="
        + url
        + ", username="
        + username
        + ", schema="
        + schema
        + ", maxConnections="
        + maxConnections
        + ", connectTimeout="
        + connectTimeout
        + ", queryTimeout="
        + queryTimeout
        + "]";
  }
}
