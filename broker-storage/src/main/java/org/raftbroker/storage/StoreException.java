package org.raftbroker.storage;

/**
 * The store cannot do what it must: the disk failed or is full, or a checksum does not match. The
 * shard stops; what is on disk is kept as it is.
 */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StoreException(String message, Throwable cause) {
    super(message, cause);
  }

  public StoreException(String message) {
    super(message);
  }
}
