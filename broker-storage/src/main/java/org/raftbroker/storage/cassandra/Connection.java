package org.raftbroker.storage.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.CqlSessionBuilder;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import com.datastax.oss.driver.api.core.config.OptionsMap;
import com.datastax.oss.driver.api.core.config.TypedDriverOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.raftbroker.storage.ArchiveException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to Cassandra. It is looked for on a thread of its own until it is found; a broker starts
 * without it, and does not wait. From then on the driver keeps the connections and makes them anew
 * when they break.
 */
final class Connection implements AutoCloseable {
  /** For a server that may come up any time. */
  private static final Duration RETRY = Duration.ofSeconds(2);

  /** The driver makes broken connections anew after 1, 2, 4, and then every 5 seconds. */
  private static final Duration MAX_RECONNECT = Duration.ofSeconds(5);

  /** A node that is silent is found out after this long and a request timeout. */
  private static final Duration HEARTBEAT = Duration.ofSeconds(5);

  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(CassandraArchive.class);

  private final CassandraConfig config;
  private final DriverFailure failures;
  private final Outage outage;
  private final ScheduledExecutorService connecting =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "cassandra-connect");
            thread.setDaemon(true);
            return thread;
          });

  private volatile @Nullable Connected connected;
  private volatile ArchiveException whyNot;

  // Guarded by this.
  private boolean closed;

  /** A session, with what is prepared in it. */
  record Connected(CqlSession session, Statements statements) {}

  Connection(CassandraConfig config, DriverFailure failures, Outage outage) {
    this.config = config;
    this.failures = failures;
    this.outage = outage;
    this.whyNot = new ArchiveException(config.where() + " is not connected yet; try again");
  }

  void start() {
    connecting.execute(this::tryToConnect);
  }

  /**
   * The session.
   *
   * @throws ArchiveException if there is none, saying why
   */
  Connected connected() {
    Connected now = connected;
    if (now == null) {
      // Made anew: the stack trace and the suppressed ones of a shared exception belong to nobody.
      ArchiveException why = whyNot;
      throw new ArchiveException(String.valueOf(why.getMessage()), why);
    }
    return now;
  }

  private void tryToConnect() {
    CqlSession session = null;
    try {
      session = open();
      new Schema(config, session).bringUp();
      take(new Connected(session, new Statements(session, config.keyspace())));
    } catch (RuntimeException e) {
      if (session != null) {
        session.forceCloseAsync();
      }
      ArchiveException failure = failures.of("a connection", e);
      failed(failure);
    }
  }

  private synchronized void take(Connected found) {
    if (closed) {
      found.session().forceCloseAsync();
      return;
    }
    connected = found;
    outage.over();
    log.atInfo()
        .addKeyValue("contactPoints", ContactPoint.join(config.contactPoints()))
        .addKeyValue("keyspace", config.keyspace())
        .log("connected to the archive");
  }

  private synchronized void failed(ArchiveException failure) {
    if (!closed) {
      whyNot = failure;
      outage.failed(String.valueOf(failure.getMessage()), failure);
      var unused = connecting.schedule(this::tryToConnect, RETRY.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /** Blocks while it looks for a node; fails if no contact point answers. */
  private CqlSession open() {
    CqlSessionBuilder builder =
        CqlSession.builder()
            .withConfigLoader(DriverConfigLoader.fromMap(options()))
            .withLocalDatacenter(config.localDatacenter())
            .addContactPoints(resolved());
    if (!config.credentials().isNone()) {
      builder.withAuthCredentials(config.credentials().username(), config.credentials().password());
    }
    return builder.build();
  }

  /** Names are looked up anew with each try: the nodes of a cluster in containers move. */
  private List<InetSocketAddress> resolved() {
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (ContactPoint point : config.contactPoints()) {
      try {
        for (InetAddress address : InetAddress.getAllByName(point.host())) {
          addresses.add(new InetSocketAddress(address, point.port()));
        }
      } catch (UnknownHostException e) {
        // One that has no address now is no worse than one that does not answer.
        log.atDebug().addKeyValue("host", point.host()).log("contact point has no address");
      }
    }
    if (addresses.isEmpty()) {
      throw new ArchiveException(
          config.where() + " has no address in DNS; see cassandra.contactPoints");
    }
    return addresses;
  }

  private OptionsMap options() {
    OptionsMap map = OptionsMap.driverDefaults();
    map.put(TypedDriverOption.SESSION_NAME, "cassandra");
    map.put(TypedDriverOption.REQUEST_TIMEOUT, config.requestTimeout());
    map.put(TypedDriverOption.REQUEST_CONSISTENCY, config.consistency().name());
    // All that is asked for may be asked for again: the driver then tries another node.
    map.put(TypedDriverOption.REQUEST_DEFAULT_IDEMPOTENCE, true);
    map.put(TypedDriverOption.CONNECTION_CONNECT_TIMEOUT, config.requestTimeout());
    map.put(TypedDriverOption.CONNECTION_INIT_QUERY_TIMEOUT, config.requestTimeout());
    map.put(TypedDriverOption.CONTROL_CONNECTION_TIMEOUT, config.requestTimeout());
    // Outage says it once.
    map.put(TypedDriverOption.CONNECTION_WARN_INIT_ERROR, false);
    map.put(TypedDriverOption.RECONNECTION_MAX_DELAY, MAX_RECONNECT);
    map.put(TypedDriverOption.HEARTBEAT_INTERVAL, HEARTBEAT);
    map.put(TypedDriverOption.HEARTBEAT_TIMEOUT, config.requestTimeout());
    map.put(TypedDriverOption.SOCKET_KEEP_ALIVE, true);
    // Every write of ours has its own.
    map.put(TypedDriverOption.TIMESTAMP_GENERATOR_CLASS, "ServerSideTimestampGenerator");
    map.put(TypedDriverOption.MONITOR_REPORTING_ENABLED, false);
    map.put(TypedDriverOption.METADATA_SCHEMA_REFRESHED_KEYSPACES, List.of(config.keyspace()));
    // One thread reads and writes the sockets: it does not fill a core before Cassandra does.
    map.put(TypedDriverOption.NETTY_IO_SIZE, 1);
    map.put(TypedDriverOption.NETTY_ADMIN_SIZE, 1);
    map.put(TypedDriverOption.NETTY_DAEMON, true);
    map.put(TypedDriverOption.NETTY_IO_SHUTDOWN_QUIET_PERIOD, 0);
    map.put(TypedDriverOption.NETTY_ADMIN_SHUTDOWN_QUIET_PERIOD, 0);
    return map;
  }

  /** What is under way may still end; what comes after fails. */
  @Override
  public void close() {
    Connected last;
    synchronized (this) {
      closed = true;
      last = connected;
      whyNot = new ArchiveException("the archive is closed");
      connected = null;
    }
    connecting.shutdownNow();
    if (last != null) {
      try {
        last.session()
            .closeAsync()
            .toCompletableFuture()
            .get(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      } catch (ExecutionException | TimeoutException e) {
        last.session().forceCloseAsync();
      } catch (InterruptedException e) {
        last.session().forceCloseAsync();
        Thread.currentThread().interrupt();
      }
    }
  }
}
