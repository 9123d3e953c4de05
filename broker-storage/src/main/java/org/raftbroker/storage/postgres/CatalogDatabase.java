package org.raftbroker.storage.postgres;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.flywaydb.core.api.FlywayException;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;
import org.raftbroker.storage.ArchiveException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections to the catalog. The first call brings them up, and the tables with them; if that
 * fails, a later call tries again. Any thread.
 *
 * <p>No call blocks for much longer than the timeout to connect and the timeout of a query
 * together, whatever the server does: both are enforced at the socket.
 */
final class CatalogDatabase implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CatalogDatabase.class);

  private final PostgresConfig config;
  private final CatalogSchema schema;
  private final Failures failures;
  private final AtomicBoolean down = new AtomicBoolean();
  private final Object lock = new Object();

  private @Nullable HikariDataSource up; // guarded by lock

  /** Under way: callers that come meanwhile share its outcome. Guarded by lock. */
  private @Nullable FutureTask<HikariDataSource> bringUp;

  private boolean closed; // guarded by lock

  CatalogDatabase(PostgresConfig config, CatalogSchema schema) {
    this.config = config;
    this.schema = schema;
    this.failures = new Failures(config);
  }

  /** What a call does in its transaction. */
  interface Work<T> {
    T in(Connection connection) throws SQLException;
  }

  /**
   * Does {@code work} in a transaction of its own: READ COMMITTED, committed unless it throws.
   *
   * @throws ArchiveException if the database cannot be used, or what {@code work} throws
   */
  <T> T call(Work<T> work) {
    HikariDataSource pool = pool();
    try {
      T result;
      try (Connection connection = connection(pool)) {
        // Back in the pool, what is not committed is rolled back.
        result = work.in(connection);
        connection.commit();
      }
      noteUp();
      return result;
    } catch (SQLException e) {
      throw noteDown(failures.of(e));
    }
  }

  private Connection connection(HikariDataSource pool) throws SQLException {
    try {
      return pool.getConnection();
    } catch (SQLTransientConnectionException e) {
      // A pool that cannot connect pauses for up to ten seconds between its attempts, and callers
      // would wait for it long after the server is back. A new one tries at once. Without a cause
      // all connections are only busy.
      if (e.getCause() != null) {
        giveUp(pool);
      }
      throw e;
    }
  }

  private void giveUp(HikariDataSource pool) {
    synchronized (lock) {
      if (up != pool) {
        return; // somebody else has done so
      }
      up = null;
    }
    // Waits for its threads; no call should.
    Thread closer = new Thread(pool::close, "catalog-pool-close");
    closer.setDaemon(true);
    closer.start();
  }

  private HikariDataSource pool() {
    FutureTask<HikariDataSource> attempt;
    boolean mine = false;
    synchronized (lock) {
      if (closed) {
        throw closedAlready();
      }
      if (up != null) {
        return up;
      }
      if (bringUp == null) {
        bringUp = new FutureTask<>(this::open);
        mine = true;
      }
      attempt = bringUp;
    }
    if (mine) {
      attempt.run();
      synchronized (lock) {
        bringUp = null; // if it failed, the next call tries again
      }
    }
    try {
      return attempt.get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof ArchiveException refusal) {
        // Shared with other threads: each gets its own.
        throw noteDown(new ArchiveException(String.valueOf(refusal.getMessage()), refusal));
      }
      if (cause instanceof SQLException || cause instanceof FlywayException) {
        throw noteDown(failures.of(cause));
      }
      throw new IllegalStateException(cause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ArchiveException("interrupted while the catalog was brought up", e);
    }
  }

  private HikariDataSource open() throws SQLException {
    PGSimpleDataSource server = server();
    // Not through the pool, which would wait and try again and then say less about the cause.
    schema.prepare(server);
    HikariConfig settings = new HikariConfig();
    settings.setPoolName("catalog");
    settings.setDataSource(server);
    settings.setMaximumPoolSize(config.maxConnections());
    settings.setMinimumIdle(0); // a node that archives nothing holds no connection
    settings.setAutoCommit(false);
    settings.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
    settings.setConnectionTimeout(config.connectTimeout().toMillis());
    settings.setValidationTimeout(config.connectTimeout().toMillis());
    settings.setInitializationFailTimeout(-1); // prepare has just shown that it works
    HikariDataSource opened = new HikariDataSource(settings);
    synchronized (lock) {
      if (!closed) {
        up = opened;
        return opened;
      }
    }
    opened.close();
    throw closedAlready();
  }

  private static ArchiveException closedAlready() {
    return new ArchiveException("the catalog is closed; this node is shutting down");
  }

  private PGSimpleDataSource server() {
    int queryMillis = Math.toIntExact(config.queryTimeout().toMillis());
    PGSimpleDataSource server = new PGSimpleDataSource();
    server.setUrl(config.url());
    server.setUser(config.username());
    if (!config.password().isEmpty()) {
      server.setPassword(config.password());
    }
    server.setCurrentSchema(config.schema());
    server.setApplicationName("raftbroker");
    server.setConnectTimeout(seconds(config.connectTimeout().toMillis()));
    server.setLoginTimeout(seconds(config.connectTimeout().toMillis()));
    server.setSocketTimeout(seconds(queryMillis));
    server.setTcpKeepAlive(true);
    // The server, too, gives up what nobody waits for any more: a node that was suspended inside a
    // transaction must not hold the shard's row until it wakes.
    String options = server.getOptions();
    server.setOptions(
        (options == null ? "" : options + " ")
            + ("-c statement_timeout=" + queryMillis)
            + (" -c idle_in_transaction_session_timeout=" + queryMillis));
    return server;
  }

  /** The driver counts whole seconds, and 0 would be for ever. */
  private static int seconds(long millis) {
    return Math.toIntExact((millis + 999) / 1000);
  }

  private ArchiveException noteDown(ArchiveException failure) {
    if (down.compareAndSet(false, true)) {
      log.atWarn().addKeyValue("reason", failure.getMessage()).log("catalog unavailable");
    }
    return failure;
  }

  private void noteUp() {
    if (down.compareAndSet(true, false)) {
      log.atInfo().addKeyValue("url", config.url()).log("catalog available again");
    }
  }

  @Override
  public void close() {
    HikariDataSource pool;
    synchronized (lock) {
      closed = true;
      pool = up;
      up = null;
    }
    if (pool != null) {
      pool.close();
    }
  }
}
