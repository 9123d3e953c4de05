package org.raftbroker.systemtests.load;

import io.grpc.StatusRuntimeException;
import java.util.concurrent.locks.LockSupport;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.systemtests.history.Attempt;
import org.raftbroker.systemtests.history.History;
import org.raftbroker.systemtests.history.Publish;

/**
 * Publishes one message after the other. With keys it tries each until it is acknowledged, at the
 * next node each time; without keys it tries each once. Runs on a thread of its own.
 */
final class UnaryPublisher implements Runnable {
  private final String name;
  private final String subject;
  private final boolean withKeys;
  private final Nodes nodes;
  private final Payloads payloads;
  private final Pace pace;
  private final History history;
  private final Progress progress;
  private final RecentIds recent;
  private int turn;

  UnaryPublisher(
      String name,
      String subject,
      boolean withKeys,
      int home,
      Nodes nodes,
      Payloads payloads,
      Pace pace,
      History history,
      Progress progress,
      RecentIds recent) {
    this.name = name;
    this.subject = subject;
    this.withKeys = withKeys;
    this.turn = home;
    this.nodes = nodes;
    this.payloads = payloads;
    this.pace = pace;
    this.history = history;
    this.progress = progress;
    this.recent = recent;
  }

  @Override
  public void run() {
    int home = turn;
    for (long n = 1; !progress.isStopping(); n++) {
      pace.await();
      String key = withKeys ? name + "/" + n : null;
      publish(history.publish(subject, payloads.next(), key));
      if (n % 50 == 0) {
        turn = home; // come back to a node that may have come back
      }
    }
  }

  private void publish(Publish publish) {
    PublishRequest.Builder request =
        PublishRequest.newBuilder().setSubject(subject).setBody(publish.body());
    String key = publish.key();
    if (key != null) {
      request.setIdempotencyKey(key);
    }
    long giveUpAt = System.nanoTime() + Retry.GIVE_UP_AFTER.toNanos();
    while (tryOnce(publish, request.build())) {
      if (key == null || System.nanoTime() - giveUpAt > 0) {
        if (key != null) {
          progress.givenUp();
        }
        LockSupport.parkNanos(Retry.PAUSE.toNanos());
        return;
      }
      progress.retried();
      LockSupport.parkNanos(Retry.PAUSE.toNanos());
    }
  }

  /** Whether it failed in a way that a repeat may mend. */
  private boolean tryOnce(Publish publish, PublishRequest request) {
    Attempt attempt = publish.attempt(System.nanoTime()).at(nodes.at(turn).node());
    try {
      long id = nodes.at(turn).broker(Retry.CALL_DEADLINE).publish(request).getId();
      attempt.acknowledged(id, System.nanoTime());
      progress.acknowledged();
      recent.add(subject, id);
      return false;
    } catch (StatusRuntimeException e) {
      turn++;
      return Retry.recordAndAskForMore(attempt, e.getStatus(), System.nanoTime());
    }
  }
}
