package org.raftbroker.systemtests.load;

import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Random;
import org.raftbroker.proto.IncIdxRequest;
import org.raftbroker.systemtests.history.History;
import org.raftbroker.systemtests.history.Reservation;

/** Reserves a few ids at a time, at any node. Runs on a thread of its own. */
final class Reserver implements Runnable {
  private static final int MOST_AT_ONCE = 5;

  private final List<String> subjects;
  private final Nodes nodes;
  private final Pace pace;
  private final Random random;
  private final History history;
  private final Progress progress;

  Reserver(
      List<String> subjects,
      Nodes nodes,
      Pace pace,
      Random random,
      History history,
      Progress progress) {
    this.subjects = subjects;
    this.nodes = nodes;
    this.pace = pace;
    this.random = random;
    this.history = history;
    this.progress = progress;
  }

  @Override
  public void run() {
    while (!progress.isStopping()) {
      pace.await();
      String subject = subjects.get(random.nextInt(subjects.size()));
      int count = 1 + random.nextInt(MOST_AT_ONCE);
      IncIdxRequest request =
          IncIdxRequest.newBuilder().setSubject(subject).setCount(count).build();
      Reservation reservation = history.reservation(subject, count, System.nanoTime());
      try {
        long last =
            nodes
                .at(random.nextInt(nodes.size()))
                .broker(Retry.CALL_DEADLINE)
                .incIdx(request)
                .getNewIdx();
        reservation.attempt().acknowledged(last, System.nanoTime());
      } catch (StatusRuntimeException e) {
        // Never repeated: a reservation has no key, so a repeat would be another one.
        Retry.recordAndAskForMore(reservation.attempt(), e.getStatus(), System.nanoTime());
      }
    }
  }
}
