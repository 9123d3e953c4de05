package org.raftbroker.bench;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits with a bound and a name for what is waited for. */
final class Waiting {
  private Waiting() {}

  static void forAll(List<CompletableFuture<Void>> parts, Duration timeout, String what) {
    try {
      CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
          .get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      long open = parts.stream().filter(part -> !part.isDone()).count();
      throw new BenchException(
          "gave up after "
              + timeout.toSeconds()
              + " s waiting for "
              + what
              + " on "
              + open
              + " of "
              + parts.size()
              + " (--timeout)",
          e);
    } catch (ExecutionException e) {
      throw new BenchException(what + " failed: " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted while waiting for " + what, e);
    }
  }
}
