package org.raftbroker.bench;

import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.raftbroker.proto.FetchRequest;

/** Fetches messages that exist, by random ids, from every node. */
final class FetchLoad implements Load {
  /** The same ids in each run. */
  private static final long ID_SEED = 11;

  private final List<Lane> lanes = new ArrayList<>();
  private final Subjects subjects;
  private final Meter meter;
  private final Duration timeout;
  private final int bodyBytes;

  FetchLoad(
      Connections connections,
      BenchSettings settings,
      int outstanding,
      Subjects subjects,
      Meter meter) {
    this.subjects = subjects;
    this.meter = meter;
    this.timeout = settings.timeout();
    this.bodyBytes = settings.bodyBytes();
    int used = Math.min(outstanding, connections.all().size());
    long startNanos = System.nanoTime();
    for (int i = 0; i < used; i++) {
      Connection connection = connections.all().get(i);
      Random random = new Random(ID_SEED + i);
      Pace pace = Pace.of(settings.ratePerSecond() / used, startNanos);
      int window = PublishLoad.share(outstanding, used, i);
      lanes.add(
          new Sequence(i)
              .lane(
                  connection,
                  pace,
                  window,
                  1,
                  Long.MAX_VALUE,
                  (lane, number, intended) -> fetch(connection, lane, random, number, intended)));
    }
  }

  @Override
  public void start() {
    lanes.forEach(Lane::start);
  }

  @Override
  public void stop() {
    List<CompletableFuture<Void>> stopped = lanes.stream().map(Lane::stop).toList();
    Waiting.forAll(stopped, timeout, "answers to fetches");
  }

  @Override
  public void check(long failed) {
    // Each answer was checked when it came.
  }

  private void fetch(
      Connection connection, Lane lane, Random random, long number, long intendedNanos) {
    int subject = (int) (number % subjects.count());
    long id = 1L + random.nextInt(Math.toIntExact(subjects.highest(subject)));
    byte[] request =
        FetchRequest.newBuilder()
            .setSubject(subjects.name(subject))
            .setId(id)
            .build()
            .toByteArray();
    UnaryCall.send(
        connection,
        RawMethods.FETCH,
        request,
        timeout,
        (message, status) -> {
          if (message == null) {
            onFailure(status, lane);
            return;
          }
          if (message.id() != id || message.bodyBytes() != bodyBytes) {
            meter.violated("fetched another message than asked for", 1);
          }
          meter.done(intendedNanos, 1);
          lane.settled(1);
        });
  }

  private void onFailure(Status status, Lane lane) {
    if (status.getCode() == Status.Code.NOT_FOUND) {
      meter.violated("acknowledged messages not found", 1);
    }
    meter.failed(status, 1);
    lane.failed(1);
  }
}
