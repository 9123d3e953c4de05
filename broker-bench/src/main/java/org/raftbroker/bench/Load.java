package org.raftbroker.bench;

/** Work under way that a {@link Measurement} times. */
interface Load {
  /** Begins; returns once it runs. */
  void start();

  /** Ends, and waits a bounded time for what is outstanding. */
  void stop();

  /**
   * Checks what can only be checked once it has stopped.
   *
   * @param failed how many messages failed during the whole run
   */
  void check(long failed);
}
