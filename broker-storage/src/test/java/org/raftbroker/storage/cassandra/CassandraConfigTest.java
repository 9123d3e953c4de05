package org.raftbroker.storage.cassandra;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.raftbroker.config.MapSection;

final class CassandraConfigTest {
  @Test
  void absentSectionGivesTheDefaults() {
    assertThat(read(Map.of())).isEqualTo(CassandraConfig.DEFAULT);
  }

  @Test
  void everyKeyIsRead() {
    Map<String, String> values =
        new HashMap<>(
            Map.of(
                "contactPoints", "a:1, [::1]:2 ,10.0.0.1",
                "localDatacenter", "dc",
                "keyspace", "k_1",
                "replicationFactor", "2",
                "consistency", "QUORUM",
                "username", "u",
                "password", "p",
                "requestTimeout", "PT1.5S",
                "maxInFlight", "7"));

    assertThat(read(values))
        .isEqualTo(
            new CassandraConfig(
                List.of(
                    new ContactPoint("a", 1),
                    new ContactPoint("::1", 2),
                    new ContactPoint("10.0.0.1", 9042)),
                "dc",
                "k_1",
                2,
                Consistency.QUORUM,
                new Credentials("u", "p"),
                Duration.ofMillis(1500),
                7));
  }

  @ParameterizedTest
  @CsvSource({
    "contactPoints, '', names no host",
    "contactPoints, 'a:1,', names no host",
    "contactPoints, 'a:0', not from 1 to 65535",
    "contactPoints, 'a:x', not from 1 to 65535",
    "contactPoints, 'a:', not from 1 to 65535",
    "contactPoints, '::1', several colons",
    "contactPoints, 'a b:1', names no host",
    "localDatacenter, ' ', must name a datacenter",
    "keyspace, Upper, must be a lower-case letter",
    "keyspace, k;drop, must be a lower-case letter",
    "keyspace, '', must be a lower-case letter",
    "replicationFactor, -1, not from 0 to 9",
    "replicationFactor, 10, not from 0 to 9",
    "consistency, MOST, 'ONE, TWO, THREE, QUORUM, ALL, LOCAL_QUORUM, LOCAL_ONE'",
    "password, p, username: is missing",
    "requestTimeout, PT0.099S, not from PT0.1S to PT5M",
    "requestTimeout, PT300.001S, not from PT0.1S to PT5M",
    "maxInFlight, 0, not from 1 to 1024",
    "maxInFlight, 1025, not from 1 to 1024",
  })
  void valueThatCannotBeUsedIsAProblem(String key, String value, String problem) {
    MapSection section = new MapSection(Map.of(key, value));

    CassandraConfig read = CassandraConfig.read(section);

    assertThat(section.problems()).singleElement().asString().contains(problem);
    assertThat(read).isEqualTo(CassandraConfig.DEFAULT);
  }

  @Test
  void passwordIsNotShown() {
    assertThat(read(Map.of("username", "u", "password", "s3cret")).toString())
        .contains("u (password not shown)")
        .doesNotContain("s3cret");
  }

  private static CassandraConfig read(Map<String, String> values) {
    MapSection section = new MapSection(values);
    CassandraConfig config = CassandraConfig.read(section);
    assertThat(section.problems()).isEmpty();
    return config;
  }
}
