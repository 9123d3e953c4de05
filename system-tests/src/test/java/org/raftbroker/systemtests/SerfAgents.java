package org.raftbroker.systemtests;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.raftbroker.systemtests.cluster.PortBlock;

/** Real Serf agents on this machine that know each other; numbered from 1. One thread. */
final class SerfAgents implements AutoCloseable {
  private final PortBlock ports = PortBlock.reserve();
  private final List<Program> agents = new ArrayList<>();
  private final Path logs;

  private SerfAgents(Path logs) {
    this.logs = logs;
  }

  /** Skips the test, loudly, if there are none on this machine. */
  static void requireOrSkip() {
    Program.requireOrSkip("apt-get install serf", "serf");
  }

  static SerfAgents start(int count, Path logs) {
    SerfAgents agents = new SerfAgents(logs);
    for (int n = 1; n <= count; n++) {
      agents.start(n);
    }
    return agents;
  }

  private void start(int n) {
    agents.add(
        Program.start(
            logs.resolve("serf" + n + ".log"),
            "serf",
            "agent",
            "-node=machine" + n,
            "-bind=127.0.0.1:" + ports.port(2 * n - 1),
            "-rpc-addr=" + rpc(n),
            "-retry-join=127.0.0.1:" + ports.port(1),
            "-retry-interval=500ms",
            "-profile=local"));
  }

  String rpc(int n) {
    return "127.0.0.1:" + ports.port(2 * n);
  }

  /** What the command {@code serf members} prints. */
  String members(int n) throws IOException {
    Process process = new ProcessBuilder("serf", "members", "-rpc-addr=" + rpc(n)).start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  void leave(int n) {
    Command.run(List.of("serf", "leave", "-rpc-addr=" + rpc(n)));
  }

  /** SIGKILL. */
  void kill(int n) {
    agents.get(n - 1).close();
  }

  @Override
  public void close() {
    agents.forEach(Program::close);
    ports.close();
  }
}
