package org.raftbroker.server.logging;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A process that logs what {@link LogFormatTest} looks at. */
final class LogSample {
  private LogSample() {}

  public static void main(String[] args) {
    JulBridge.install();
    Logger log = LoggerFactory.getLogger("org.raftbroker.server.Sample");
    log.atInfo().addKeyValue("shard", 2).addKeyValue("reason", "no quorum").log("leader lost");
    log.atDebug().log("one request");
    LoggerFactory.getLogger("org.apache.ratis.server.RaftServer").info("chatter of a library");
    java.util.logging.Logger.getLogger("io.grpc.Sample").info("chatter of a library");
    java.util.logging.Logger.getLogger("io.grpc.Sample").warning("transport failed");
    log.atError()
        .addKeyValue("shard", 0)
        .setCause(new IllegalStateException("broken"))
        .log("shard stopped");
  }
}
