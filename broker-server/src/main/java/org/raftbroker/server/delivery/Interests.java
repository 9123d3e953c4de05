package org.raftbroker.server.delivery;

import java.util.concurrent.CompletableFuture;
import org.raftbroker.message.Subject;

/**
 * Learns which subjects clients subscribe to at this node: broadcasts of other nodes come here for
 * those only. Any thread; nothing blocks.
 */
public interface Interests {
  /** For a node without peers. */
  Interests NONE =
      new Interests() {
        @Override
        public CompletableFuture<Void> add(Subject subject) {
          return CompletableFuture.completedFuture(null);
        }

        @Override
        public void remove(Subject subject) {}
      };

  /**
   * The first client has come.
   *
   * @return completes, always and within a short bound, when the other nodes know that they have to
   *     send broadcasts here
   */
  CompletableFuture<Void> add(Subject subject);

  /** The last client has gone. */
  void remove(Subject subject);
}
