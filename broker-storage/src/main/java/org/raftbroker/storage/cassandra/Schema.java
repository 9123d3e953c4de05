package org.raftbroker.storage.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.metadata.Node;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.raftbroker.storage.ArchiveException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keyspace and tables of the archive: looked at, and made where they are missing. Several nodes may
 * do so at once.
 *
 * <p>{@code messages} is appended to, hardly ever changed, and most rows expire together with those
 * written about the same time. That is what {@code TimeWindowCompactionStrategy} is for: files of
 * one day are merged into one that is not touched again, and is dropped whole when all in it has
 * expired, instead of being rewritten again and again. A partition lies in the files of the day or
 * two in which it was filled, and Bloom filters skip the others. The indexes are small and their
 * rows are rewritten with timestamps that lie in the future, which would confuse time windows: they
 * keep Cassandra's default. {@code gc_grace_seconds} is left alone: a replica that missed a purge
 * must hear of it before the deletion is forgotten.
 */
final class Schema {
  static final int VERSION = 1;

  private static final String VERSION_TABLE = "schema_version";
  private static final String VERSION_NAME = "archive";

  /** All nodes of Cassandra take part, however busy they are. */
  private static final Duration CHANGE_LIMIT = Duration.ofSeconds(30);

  private static final String BY_DAY =
      "compaction = {'class': 'TimeWindowCompactionStrategy',"
          + " 'compaction_window_unit': 'DAYS', 'compaction_window_size': '1'}";

  private static final Logger log = LoggerFactory.getLogger(CassandraArchive.class);

  /** By name: columns and options. The version's table comes first, its row last. */
  private static final Map<String, String> TABLES = new LinkedHashMap<>();

  static {
    TABLES.put(VERSION_TABLE, "(name text PRIMARY KEY, version int) WITH");
    TABLES.put(
        "messages",
        "(subject text, bucket bigint, id bigint, frame blob, parts int,"
            + " PRIMARY KEY ((subject, bucket), id)) WITH "
            + BY_DAY
            + " AND");
    TABLES.put(
        "large_frames",
        "(subject text, id bigint, part int, bytes blob,"
            + " PRIMARY KEY ((subject, id), part)) WITH "
            + BY_DAY
            + " AND");
    TABLES.put(
        "buckets",
        "(subject text, epoch bigint, bucket bigint, PRIMARY KEY ((subject, epoch), bucket)) WITH");
    TABLES.put("epochs", "(subject text, epoch bigint, PRIMARY KEY (subject, epoch)) WITH");
  }

  private final CassandraConfig config;
  private final CqlSession session;

  Schema(CassandraConfig config, CqlSession session) {
    this.config = config;
    this.session = session;
  }

  /**
   * Returns when all tables are there; blocks.
   *
   * @throws ArchiveException if they are not what this broker knows, or the datacenter is not there
   */
  void bringUp() {
    Set<String> datacenters = datacenters();
    if (!datacenters.contains(config.localDatacenter())) {
      throw new ArchiveException(
          config.where()
              + " has no datacenter \""
              + config.localDatacenter()
              + "\", but "
              + datacenters
              + "; set cassandra.localDatacenter");
    }
    if (!keyspaceExists()) {
      createKeyspace();
    }
    Set<String> tables = tables();
    if (tables.contains(VERSION_TABLE)) {
      Integer version = version();
      if (version != null) {
        requireKnown(version);
        return;
      }
    } else {
      requireNoneOfOurs(tables);
    }
    TABLES.forEach(this::createTable);
    run(
        SimpleStatement.newInstance(
            "INSERT INTO " + in(VERSION_TABLE) + " (name, version) VALUES (?, ?)",
            VERSION_NAME,
            VERSION));
    log.atInfo()
        .addKeyValue("keyspace", config.keyspace())
        .addKeyValue("version", VERSION)
        .log("tables of the archive are there");
  }

  private void requireKnown(int version) {
    if (version != VERSION) {
      throw new ArchiveException(
          config.where()
              + " has tables of version "
              + version
              + " in keyspace "
              + config.keyspace()
              + ", and this broker knows version "
              + VERSION
              + "; run the version of the broker that made them, or set another cassandra.keyspace");
    }
  }

  private void requireNoneOfOurs(Set<String> tables) {
    for (String table : TABLES.keySet()) {
      if (tables.contains(table)) {
        throw new ArchiveException(
            config.where()
                + " has a table "
                + table
                + " in keyspace "
                + config.keyspace()
                + " that no broker made; set another cassandra.keyspace");
      }
    }
  }

  private Set<String> datacenters() {
    return session.getMetadata().getNodes().values().stream()
        .map(Node::getDatacenter)
        .filter(name -> name != null)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private boolean keyspaceExists() {
    return session
            .execute(
                SimpleStatement.newInstance(
                    "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?",
                    config.keyspace()))
            .one()
        != null;
  }

  private void createKeyspace() {
    long nodes =
        session.getMetadata().getNodes().values().stream()
            .filter(node -> config.localDatacenter().equals(node.getDatacenter()))
            .count();
    long factor = config.replicationFactor() != 0 ? config.replicationFactor() : Math.min(3, nodes);
    run(
        SimpleStatement.newInstance(
            "CREATE KEYSPACE IF NOT EXISTS "
                + config.keyspace()
                + " WITH replication = {'class': 'NetworkTopologyStrategy', '"
                + config.localDatacenter().replace("'", "''")
                + "': "
                + factor
                + "}"));
    log.atInfo()
        .addKeyValue("keyspace", config.keyspace())
        .addKeyValue("replicationFactor", factor)
        .log("keyspace of the archive is there");
  }

  private Set<String> tables() {
    return session
        .execute(
            SimpleStatement.newInstance(
                "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?",
                config.keyspace()))
        .all()
        .stream()
        .map(row -> row.getString(0))
        .collect(Collectors.toSet());
  }

  /** Null if no broker has finished making the tables. */
  private @Nullable Integer version() {
    Row row =
        session
            .execute(
                SimpleStatement.newInstance(
                    "SELECT version FROM " + in(VERSION_TABLE) + " WHERE name = ?", VERSION_NAME))
            .one();
    return row == null ? null : row.getInt(0);
  }

  /**
   * Two nodes of Cassandra that are asked at once to create a table would give it two identities,
   * and what one of them then holds would be lost; so the identity is given, and follows from the
   * name.
   */
  private void createTable(String name, String definition) {
    UUID id = UUID.nameUUIDFromBytes(in(name).getBytes(StandardCharsets.UTF_8));
    run(
        SimpleStatement.newInstance(
            "CREATE TABLE IF NOT EXISTS " + in(name) + " " + definition + " id = '" + id + "'"));
  }

  /** After a change of the schema the driver waits until the nodes agree on it. */
  private void run(SimpleStatement change) {
    session.execute(change.setTimeout(CHANGE_LIMIT));
  }

  private String in(String table) {
    return config.keyspace() + "." + table;
  }
}
