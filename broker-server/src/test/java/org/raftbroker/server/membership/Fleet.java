package org.raftbroker.server.membership;

import java.io.IOException;

/** Members of one cluster that a test starts, all found by the same provider. Closing stops all. */
public interface Fleet extends AutoCloseable {
  /** A member that could be started, with addresses of its own; each call makes others. */
  Member member(String id);

  /** Starts a member in this JVM. */
  Membership start(Member member) throws IOException;

  /** Starts a member that can be killed. */
  Victim startVictim(Member member) throws IOException;

  @Override
  void close() throws IOException;

  /** A member that dies when its time has come. */
  interface Victim {
    /** It is gone at once, and says nothing. */
    void kill();
  }
}
