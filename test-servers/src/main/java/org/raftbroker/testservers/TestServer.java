package org.raftbroker.testservers;

/**
 * A real database server, empty at first, for tests to use and to treat badly. It listens on
 * 127.0.0.1 only, and has the same port and what it has stored until it is closed. One thread at a
 * time. One that is not closed ends with this Java.
 */
public interface TestServer extends AutoCloseable {
  int port();

  /** As an operator would: it may finish what it does. */
  void stop();

  /** After {@link #stop}; returns when it answers. */
  void start();

  /** It keeps its connections and answers nothing. */
  void pause();

  /** After {@link #pause}: as if nothing had been. */
  void resume();

  /** Ends it for good. */
  @Override
  void close();
}
