package org.raftbroker.testservers;

import java.io.IOException;
import java.io.UncheckedIOException;

/** A process of this machine and all that it has started, standing still and going on together. */
record ProcessTree(long pid) {
  void pause() {
    signal("-STOP");
  }

  void resume() {
    signal("-CONT");
  }

  private void signal(String signal) {
    ProcessHandle root = ProcessHandle.of(pid).orElseThrow();
    // First, so that it starts no more of them.
    send(signal, root);
    root.descendants().forEach(process -> send(signal, process));
  }

  private static void send(String signal, ProcessHandle process) {
    try {
      int status =
          new ProcessBuilder("kill", signal, Long.toString(process.pid()))
              .inheritIO()
              .start()
              .waitFor();
      if (status != 0 && process.isAlive()) {
        throw new IllegalStateException(
            "kill " + signal + " " + process.pid() + " ended with " + status);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
