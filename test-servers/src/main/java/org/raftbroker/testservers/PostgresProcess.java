package org.raftbroker.testservers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import org.raftbroker.localservers.LocalPostgres;
import org.raftbroker.localservers.LocalPostgres.Account;

/** A PostgreSQL as a process of this machine. */
final class PostgresProcess implements TestServer {
  private final Path directory;
  // Also read by the hook that ends it with this Java.
  private volatile LocalPostgres server;

  private PostgresProcess(Path directory, LocalPostgres server) {
    this.directory = directory;
    this.server = server;
  }

  static PostgresProcess start(Path directory) {
    try {
      Optional<LocalPostgres> left = LocalPostgres.running(directory, Account.DEFAULT);
      if (left.isPresent()) {
        left.get().kill(); // by a run that was killed
      }
      PostgresProcess process = new PostgresProcess(directory, LocalPostgres.start(directory, 0));
      Runtime.getRuntime().addShutdownHook(new Thread(process::kill, "kill-postgres"));
      return process;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Nothing happens if it has ended. */
  private void kill() {
    try {
      server.kill();
    } catch (IOException e) {
      System.err.println("the PostgreSQL of the tests stays behind: " + e.getMessage());
    }
  }

  @Override
  public int port() {
    return server.port();
  }

  @Override
  public void stop() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void start() {
    try {
      server = LocalPostgres.start(directory, server.port());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
    stop();
  }
}
