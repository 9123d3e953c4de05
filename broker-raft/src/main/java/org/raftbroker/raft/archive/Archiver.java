package org.raftbroker.raft.archive;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.raft.ReplicatedShard;
import org.raftbroker.raft.archive.ProposingShard.NotProposedException;
import org.raftbroker.raft.archive.ShardArchiver.Result;
import org.raftbroker.storage.Archive;
import org.raftbroker.storage.ArchiveException;
import org.raftbroker.storage.Catalog;
import org.raftbroker.storage.StoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the backlog of all shards that this node leads moving to the archive, each shard on a
 * thread of its own. While the archive or the catalog fails it tries again, ever less often; the
 * operator is told once when that begins and once when it ends.
 *
 * <p>{@link #start} and {@link #close} are for the thread that owns the node.
 */
public final class Archiver implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Archiver.class);

  /** How soon new work, or new leadership, is seen. */
  private static final long POLL_MILLIS = 200;

  private static final long MAX_RETRY_MILLIS = 10_000;

  private final List<ShardThread> threads = new ArrayList<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final long intervalMillis;

  /**
   * @param recover whether empty shards may start from what the catalog knows of them
   */
  public Archiver(
      List<ReplicatedShard> shards,
      Archive archive,
      Catalog catalog,
      ArchiveConfig config,
      boolean recover,
      LongSupplier clockMillis,
      ArchiveObserver observer) {
    this.intervalMillis = config.interval().toMillis();
    for (ReplicatedShard shard : shards) {
      ShardArchiver archiver =
          new ShardArchiver(
              new ProposingShard(shard), archive, catalog, config, recover, clockMillis, observer);
      threads.add(new ShardThread(shard.number(), archiver, observer));
    }
  }

  public void start() {
    threads.forEach(ShardThread::start);
  }

  /** Why shards that this node leads are not being archived now; empty if all is well. */
  public List<String> problems() {
    List<String> problems = new ArrayList<>();
    for (ShardThread thread : threads) {
      String problem = thread.problem;
      if (problem != null) {
        problems.add("shard " + thread.shard + " is not archived: " + problem);
      }
    }
    return problems;
  }

  /**
   * Ends the threads; a step under way ends at its next wait, and is done again by whoever leads.
   */
  @Override
  public void close() {
    closing.countDown();
    threads.forEach(ShardThread::interrupt);
    for (ShardThread thread : threads) {
      try {
        thread.join(TimeUnit.SECONDS.toMillis(10));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private final class ShardThread extends Thread {
    private final int shard;
    private final ShardArchiver archiver;
    private final ArchiveObserver observer;
    private long retryMillis = POLL_MILLIS;
    private volatile @Nullable String problem;

    ShardThread(int shard, ShardArchiver archiver, ArchiveObserver observer) {
      super("archiver-" + shard);
      this.shard = shard;
      this.archiver = archiver;
      this.observer = observer;
      setDaemon(true);
    }

    @Override
    public void run() {
      try {
        long waitMillis = 0;
        while (!closing.await(waitMillis, TimeUnit.MILLISECONDS)) {
          waitMillis = stepOrFail();
        }
      } catch (InterruptedException e) {
        return; // closing
      }
    }

    /** Returns how long to wait until the next one. */
    private long stepOrFail() throws InterruptedException {
      try {
        Result result = archiver.step();
        problemIsOver(result);
        return switch (result) {
          case MORE -> 0;
          case CAUGHT_UP -> intervalMillis;
          case IDLE, NOT_LEADING -> Math.min(POLL_MILLIS, intervalMillis);
        };
      } catch (ArchiveException e) {
        failed(String.valueOf(e.getMessage()), null);
      } catch (NotProposedException | StoreException | BrokerException e) {
        // Leadership is moving or the replica is out of service, and says so itself.
        return POLL_MILLIS;
      } catch (RuntimeException e) {
        failed("a defect; this node's log has the cause", e);
      }
      retryMillis = Math.min(MAX_RETRY_MILLIS, 2 * retryMillis);
      return retryMillis;
    }

    private void problemIsOver(Result result) {
      retryMillis = POLL_MILLIS;
      boolean solved = problem != null && result != Result.NOT_LEADING;
      problem = null; // or that of the node that leads now
      if (solved) {
        log.atInfo().addKeyValue("shard", shard).log("archiving goes on");
      }
    }

    private void failed(String why, @Nullable RuntimeException defect) {
      observer.onArchiveFailure(shard);
      if (!why.equals(problem)) {
        problem = why;
        (defect == null ? log.atWarn() : log.atError().setCause(defect))
            .addKeyValue("shard", shard)
            .addKeyValue("why", why)
            .log("archiving stands still; messages stay in the stores meanwhile");
      }
    }
  }
}
