package org.raftbroker.storage.cassandra;

import java.time.Duration;
import java.util.List;
import org.raftbroker.config.ConfigSection;

/**
 * Where Cassandra is and how it is used. YAML section {@code cassandra}.
 *
 * @param contactPoints nodes to begin with, {@code host:port} separated by commas; the others are
 *     learned from them. Default 127.0.0.1:9042
 * @param localDatacenter Cassandra's name of the datacenter whose nodes are asked; default
 *     datacenter1, which is that of a Cassandra that was not told otherwise
 * @param keyspace where the tables are: lower-case letters, digits and {@code _}; default
 *     raftbroker. Created if it is not there; a broker that may not create one takes one that an
 *     operator made
 * @param replicationFactor copies of each row in the local datacenter, if this broker creates the
 *     keyspace; 1 to 9. 0, the default: 3, or as many as the datacenter has nodes if it has fewer,
 *     because {@code LOCAL_QUORUM} of more copies than nodes can never be reached
 * @param consistency default {@code LOCAL_QUORUM}
 * @param credentials keys {@code username} and {@code password}; default none
 * @param requestTimeout longest wait for one answer of Cassandra's; 100ms to 5m, default 5s
 * @param maxInFlight requests under way at a time; 1 to 1024, default 128. More than that only wait
 *     in Cassandra; 1024 is what one connection takes
 */
public record CassandraConfig(
    List<ContactPoint> contactPoints,
    String localDatacenter,
    String keyspace,
    int replicationFactor,
    Consistency consistency,
    Credentials credentials,
    Duration requestTimeout,
    int maxInFlight) {
  public static final CassandraConfig DEFAULT =
      new CassandraConfig(
          List.of(new ContactPoint("127.0.0.1", 9042)),
          "datacenter1",
          "raftbroker",
          0,
          Consistency.LOCAL_QUORUM,
          Credentials.NONE,
          Duration.ofSeconds(5),
          128);

  /** Cassandra takes no longer ones; these need no quotes in CQL. */
  private static final String KEYSPACE = "[a-z][a-z0-9_]{0,47}";

  public CassandraConfig {
    contactPoints = List.copyOf(contactPoints);
  }

  public static CassandraConfig read(ConfigSection yaml) {
    return new CassandraConfig(
        contactPoints(yaml),
        localDatacenter(yaml),
        keyspace(yaml),
        yaml.count("replicationFactor", DEFAULT.replicationFactor, 0, 9),
        consistency(yaml),
        credentials(yaml),
        yaml.duration(
            "requestTimeout",
            DEFAULT.requestTimeout,
            Duration.ofMillis(100),
            Duration.ofMinutes(5)),
        yaml.count("maxInFlight", DEFAULT.maxInFlight, 1, 1024));
  }

  private static List<ContactPoint> contactPoints(ConfigSection yaml) {
    String text = yaml.text("contactPoints", ContactPoint.join(DEFAULT.contactPoints));
    try {
      return ContactPoint.parse(text);
    } catch (IllegalArgumentException e) {
      yaml.problem(
          "contactPoints",
          "must be host:port, several separated by commas, as 10.0.0.1:9042,10.0.0.2:9042: "
              + e.getMessage());
      return DEFAULT.contactPoints;
    }
  }

  private static String localDatacenter(ConfigSection yaml) {
    String text = yaml.text("localDatacenter", DEFAULT.localDatacenter);
    if (text.isBlank()) {
      yaml.problem("localDatacenter", "must name a datacenter, as nodetool status shows it");
      return DEFAULT.localDatacenter;
    }
    return text;
  }

  private static String keyspace(ConfigSection yaml) {
    String text = yaml.text("keyspace", DEFAULT.keyspace);
    if (!text.matches(KEYSPACE)) {
      yaml.problem(
          "keyspace", "must be a lower-case letter and up to 47 lower-case letters, digits or _");
      return DEFAULT.keyspace;
    }
    return text;
  }

  private static Consistency consistency(ConfigSection yaml) {
    String text = yaml.text("consistency", DEFAULT.consistency.name());
    try {
      return Consistency.valueOf(text);
    } catch (IllegalArgumentException e) {
      yaml.problem("consistency", "must be one of " + Consistency.names());
      return DEFAULT.consistency;
    }
  }

  private static Credentials credentials(ConfigSection yaml) {
    String username = yaml.text("username", "");
    String password = yaml.text("password", "");
    if (username.isEmpty() && !password.isEmpty()) {
      yaml.problem("username", "is missing, and there is a password");
      return Credentials.NONE;
    }
    return new Credentials(username, password);
  }

  /** As messages name this Cassandra. */
  String where() {
    return "Cassandra at " + ContactPoint.join(contactPoints);
  }
}
