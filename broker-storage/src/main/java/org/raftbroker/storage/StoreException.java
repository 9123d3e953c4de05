package org.raftbroker.storage;

/**
 * The store cannot do what it must: the disk failed or is full, or a checksum does not match. The
 * shard stops; what is on disk is kept as it is.
 */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean damage;

  /**
   * A failure of the store.
   *
   * @param damage what is on disk is not what was written; otherwise the disk may yet recover
   */
  public StoreException(String message, Throwable cause, boolean damage) {
    super(message, cause);
    this.damage = damage;
  }

  public StoreException(String message, Throwable cause) {
    this(message, cause, false);
  }

  public StoreException(String message) {
    super(message);
    this.damage = false;
  }

  /** Whether what is on disk is not what was written. */
  public boolean isDamage() {
    return damage;
  }
}
