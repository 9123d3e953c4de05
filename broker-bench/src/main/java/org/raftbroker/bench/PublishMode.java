package org.raftbroker.bench;

/** How messages go in. */
public enum PublishMode {
  /** One Publish each. */
  UNARY,
  /** PublishStream, one stream a connection. */
  STREAM,
  /** PublishBatch. */
  BATCH
}
