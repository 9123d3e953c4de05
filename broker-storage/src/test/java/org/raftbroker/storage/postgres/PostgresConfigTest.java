package org.raftbroker.storage.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.raftbroker.config.MapSection;

final class PostgresConfigTest {
  @Test
  void absentSectionGivesTheDefaults() {
    MapSection section = new MapSection(Map.of());

    assertThat(PostgresConfig.read(section)).isEqualTo(PostgresConfig.DEFAULT);
    assertThat(section.problems()).isEmpty();
  }

  @Test
  void everyKeyIsRead() {
    MapSection section =
        new MapSection(
            Map.of(
                "url", "jdbc:postgresql://db.example.org/broker?sslmode=verify-full",
                "username", "u",
                "password", "p",
                "schema", "other_1",
                "maxConnections", "7",
                "connectTimeout", "PT3S",
                "queryTimeout", "PT4S"));

    assertThat(PostgresConfig.read(section))
        .isEqualTo(
            new PostgresConfig(
                "jdbc:postgresql://db.example.org/broker?sslmode=verify-full",
                "u",
                "p",
                "other_1",
                7,
                Duration.ofSeconds(3),
                Duration.ofSeconds(4)));
    assertThat(section.problems()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          url            | jdbc:mysql://h/d                     | must be such as jdbc:postgresql://
          url            | postgresql://h/d                     | must be such as jdbc:postgresql://
          url            | jdbc:postgresql://h:port/d           | must be such as jdbc:postgresql://
          url            | jdbc:postgresql://h/d?Password=x     | must not have the password
          username       | ''                                   | must not be empty
          schema         | ''                                   | must be 1 to 63 of a-z
          schema         | Broker                               | must be 1 to 63 of a-z
          schema         | a;b                                  | must be 1 to 63 of a-z
          schema         | 1a                                   | must be 1 to 63 of a-z
          schema         | pg_catalog                           | must be 1 to 63 of a-z
          maxConnections | 0                                    | 1 to 64
          maxConnections | 65                                   | 1 to 64
          connectTimeout | PT0.9S                               | PT1S to PT1M
          connectTimeout | PT61S                                | PT1S to PT1M
          queryTimeout   | PT0.9S                               | PT1S to PT5M
          queryTimeout   | PT301S                               | PT1S to PT5M
          """)
  void valueThatCannotBeUsedIsAProblemThatNamesTheKey(String key, String value, String message) {
    MapSection section = new MapSection(Map.of(key, value));

    PostgresConfig.read(section);

    assertThat(section.problems()).singleElement().asString().startsWith(key).contains(message);
  }

  @Test
  void passwordIsNotShown() {
    PostgresConfig config =
        PostgresConfig.read(new MapSection(Map.of("password", "hunter2", "username", "somebody")));

    assertThat(config.toString()).contains("somebody").doesNotContain("hunter2");
  }
}
