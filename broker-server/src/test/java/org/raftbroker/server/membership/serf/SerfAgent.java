package org.raftbroker.server.membership.serf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.FreePorts;

/** A real agent on this machine. May be started again after it ended, at the same ports. */
final class SerfAgent {
  static final String AUTH_KEY = "rpc-for-tests";

  private final String name;
  private final int gossipPort;
  private final Address rpc;
  private final Path log;
  private final Path config;
  private @Nullable Process process;

  SerfAgent(String name, FreePorts ports, Path logs) {
    this.name = name;
    this.gossipPort = ports.next();
    this.rpc = ports.nextAddress();
    this.log = logs.resolve(name + ".log");
    this.config = logs.resolve(name + ".json");
  }

  Address rpc() {
    return rpc;
  }

  boolean isRunning() {
    return process != null && process.isAlive();
  }

  /**
   * @param contact null: the first one
   */
  void start(@Nullable SerfAgent contact) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "serf",
                "agent",
                "-node=" + name,
                "-bind=127.0.0.1:" + gossipPort,
                "-rpc-addr=" + rpc,
                "-config-file=" + config,
                "-profile=local"));
    if (contact != null) {
      command.add("-retry-join=127.0.0.1:" + contact.gossipPort);
      command.add("-retry-interval=500ms"); // the contact may have started a moment ago
    }
    try {
      Files.writeString(config, "{\"rpc_auth\": \"" + AUTH_KEY + "\"}");
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** SIGKILL; returns when it is gone. */
  void kill() {
    Process victim = process;
    if (victim == null) {
      return;
    }
    try {
      if (!victim.destroyForcibly().waitFor(20, TimeUnit.SECONDS)) {
        throw new IllegalStateException("agent " + name + " does not die");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
