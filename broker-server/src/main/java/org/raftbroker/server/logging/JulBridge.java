package org.raftbroker.server.logging;

import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * Sends what libraries log through {@code java.util.logging} (gRPC, the JDK's HTTP server) the way
 * of all other events, with its format and levels.
 */
public final class JulBridge {
  private JulBridge() {}

  /** Call once, first thing in the process: what was logged before went to standard error as is. */
  public static void install() {
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
  }
}
