package org.raftbroker.storage;

/**
 * The archive or the catalog did not do what it was asked: it is down, slow, full, or refuses.
 * Nothing is lost by that: what was not archived is still in the stores.
 */
public final class ArchiveException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * A failure of the archive or the catalog.
   *
   * @param message names the server, what was asked of it, and what to do
   */
  public ArchiveException(String message, Throwable cause) {
    super(message, cause);
  }

  public ArchiveException(String message) {
    super(message);
  }
}
