package org.raftbroker.server.http;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;

/**
 * Pages of somebody else's at the HTTP port. The port's own threads only hand a request over, so
 * that whatever it takes to answer it never keeps a probe or a scrape waiting.
 */
public interface Pages {
  /** Nobody's: there is nothing beside what the port itself shows. */
  Pages NONE =
      new Pages() {
        @Override
        public boolean has(String path) {
          return false;
        }

        @Override
        public void serve(HttpExchange exchange) {
          throw new IllegalStateException("no page is here: " + exchange.getRequestURI());
        }
      };

  /** Whether a request for this path is theirs. */
  boolean has(String path);

  /**
   * Answers and closes the exchange, on a thread of its own: the calling one is not to wait.
   *
   * @throws IOException if the client is gone
   */
  void serve(HttpExchange exchange) throws IOException;
}
