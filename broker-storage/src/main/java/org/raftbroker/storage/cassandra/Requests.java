package org.raftbroker.storage.cassandra;

import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.Statement;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.raftbroker.storage.ArchiveException;

/**
 * Sends statements, at most so many at a time; the others wait in line. Any thread; nothing blocks.
 * Futures complete on the driver's thread, or on the caller's if there is nothing to wait for.
 */
final class Requests {
  /** Beyond these Cassandra is hopelessly behind, and the memory is needed. */
  private static final int MAX_WAITING = 65_536;

  private final CassandraConfig config;
  private final Connection connection;
  private final DriverFailure failures;
  private final Outage outage;

  private final Queue<Request> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waitingCount = new AtomicInteger();
  private final AtomicInteger underWay = new AtomicInteger();

  // How often someone wanted to send since the one who does began; 0: nobody does.
  private final AtomicInteger sendCalls = new AtomicInteger();

  Requests(CassandraConfig config, Connection connection, DriverFailure failures, Outage outage) {
    this.config = config;
    this.connection = connection;
    this.failures = failures;
    this.outage = outage;
  }

  /**
   * Sends one statement.
   *
   * @param what it is, for the message of a failure, as {@code a read of "orders"}
   * @return fails with {@link ArchiveException} only; within the request timeout, waiting included
   */
  CompletableFuture<AsyncResultSet> send(
      String what, Function<Statements, Statement<?>> statement) {
    Request request;
    try {
      Connection.Connected connected = connection.connected();
      request =
          new Request(what, connected, statement.apply(connected.statements()), System.nanoTime());
    } catch (ArchiveException e) {
      return CompletableFuture.failedFuture(e);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(failures.of(what, e));
    }
    if (waitingCount.incrementAndGet() > MAX_WAITING) {
      waitingCount.decrementAndGet();
      return CompletableFuture.failedFuture(
          new ArchiveException(
              config.where() + " is too slow: " + MAX_WAITING + " requests wait; try again later"));
    }
    waiting.add(request);
    sendWaiting();
    return request.answer;
  }

  /**
   * Sends many statements, half of what may be under way at a time, so that others get their turn.
   * The first failure ends it; what is then under way is left to itself.
   */
  CompletableFuture<Void> sendAll(String what, int count, NumberedStatement statements) {
    if (count == 0) {
      return CompletableFuture.completedFuture(null);
    }
    Many many = new Many(what, count, statements);
    int lanes = Math.min(count, Math.max(1, config.maxInFlight() / 2));
    for (int lane = 0; lane < lanes; lane++) {
      many.sendNext();
    }
    return many.done;
  }

  /**
   * One thread sends at a time, and whoever comes meanwhile leaves it to that one: an answer that
   * is there at once, as a failure may be, would else send the next request from inside the last,
   * and so on until the stack is full.
   */
  private void sendWaiting() {
    if (sendCalls.getAndIncrement() != 0) {
      return;
    }
    int seen = 1;
    do {
      while (underWay.get() < config.maxInFlight()) {
        Request next = waiting.poll();
        if (next == null) {
          break;
        }
        waitingCount.decrementAndGet();
        underWay.incrementAndGet();
        send(next);
      }
      seen = sendCalls.addAndGet(-seen);
    } while (seen != 0);
  }

  private void send(Request request) {
    Duration left = config.requestTimeout().minusNanos(System.nanoTime() - request.sinceNanos);
    if (left.toMillis() < 1) {
      answered(
          request,
          null,
          new ArchiveException(
              config.where()
                  + " did not come to "
                  + request.what
                  + " within "
                  + config.requestTimeout().toMillis()
                  + " ms, for the requests before it; try again later"));
      return;
    }
    try {
      request
          .connected
          .session()
          .executeAsync(request.statement.setTimeout(left))
          .whenComplete((rows, failure) -> answered(request, rows, failure));
    } catch (RuntimeException e) {
      answered(request, null, e);
    }
  }

  private void answered(
      Request request, @Nullable AsyncResultSet rows, @Nullable Throwable thrown) {
    underWay.decrementAndGet();
    // First the next one, then what this one's caller does with its answer.
    sendWaiting();
    if (thrown == null && rows != null) {
      outage.succeeded();
      request.answer.complete(rows);
    } else {
      ArchiveException failure =
          failures.of(
              request.what,
              thrown != null ? thrown : new IllegalStateException("the driver gave no answer"));
      outage.failed("requests", failure);
      request.answer.completeExceptionally(failure);
    }
  }

  /** Makes one of many statements when its turn has come. */
  interface NumberedStatement {
    Statement<?> of(Statements prepared, int index);
  }

  private static final class Request {
    private final String what;
    private final Connection.Connected connected;
    private final Statement<?> statement;
    private final long sinceNanos;
    private final CompletableFuture<AsyncResultSet> answer = new CompletableFuture<>();

    Request(String what, Connection.Connected connected, Statement<?> statement, long sinceNanos) {
      this.what = what;
      this.connected = connected;
      this.statement = statement;
      this.sinceNanos = sinceNanos;
    }
  }

  /** Statements that are sent one after the other on several lanes. */
  private final class Many {
    private final String what;
    private final int count;
    private final NumberedStatement statements;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger answered = new AtomicInteger();
    private final AtomicBoolean failed = new AtomicBoolean();
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    Many(String what, int count, NumberedStatement statements) {
      this.what = what;
      this.count = count;
      this.statements = statements;
    }

    void sendNext() {
      int index = next.getAndIncrement();
      if (index >= count || failed.get()) {
        return;
      }
      var unused =
          send(what, prepared -> statements.of(prepared, index))
              .whenComplete(
                  (rows, failure) -> {
                    if (failure != null) {
                      failed.set(true);
                      done.completeExceptionally(failure);
                    } else if (answered.incrementAndGet() == count) {
                      done.complete(null);
                    } else {
                      sendNext();
                    }
                  });
    }
  }
}
