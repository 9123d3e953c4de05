package org.raftbroker.storage.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.raftbroker.localservers.LocalPostgres;

/** One real server for all tests of this Java, started by the first; a schema for each caller. */
final class PostgresServer {
  private static final AtomicInteger SCHEMAS = new AtomicInteger();
  private static @Nullable LocalPostgres server;

  private PostgresServer() {}

  static synchronized LocalPostgres get() {
    if (server == null) {
      try {
        Path home =
            Files.createTempDirectory(Files.createDirectories(Path.of("target")), "postgres");
        LocalPostgres started = LocalPostgres.start(home, 0);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(started), "stop-postgres"));
        server = started;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return server;
  }

  private static void close(LocalPostgres started) {
    try {
      started.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A schema that nobody has used. */
  static PostgresConfig freshSchema() {
    return config("raftbroker", "s" + SCHEMAS.incrementAndGet());
  }

  static PostgresConfig config(String password, String schema) {
    return new PostgresConfig(
        get().jdbcUrl(),
        "raftbroker",
        password,
        schema,
        4,
        Duration.ofSeconds(1),
        Duration.ofSeconds(2));
  }
}
