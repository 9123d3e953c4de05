package org.raftbroker.testservers;

import org.raftbroker.localservers.CassandraSettings;
import org.raftbroker.localservers.LocalCassandra;

/** A Cassandra as a process of this machine. */
final class CassandraProcess implements TestServer {
  private final CassandraSettings settings;
  private LocalCassandra server;

  private CassandraProcess(CassandraSettings settings, LocalCassandra server) {
    this.settings = settings;
    this.server = server;
  }

  static CassandraProcess start(CassandraSettings settings) {
    return new CassandraProcess(settings, LocalCassandra.start(settings));
  }

  @Override
  public int port() {
    return settings.cqlPort();
  }

  @Override
  public void stop() {
    server.close();
  }

  @Override
  public void start() {
    server = LocalCassandra.start(settings);
  }

  @Override
  public void pause() {
    new ProcessTree(server.pid()).pause();
  }

  @Override
  public void resume() {
    new ProcessTree(server.pid()).resume();
  }

  @Override
  public void close() {
    server.close();
  }
}
