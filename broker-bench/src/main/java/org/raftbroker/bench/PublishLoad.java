package org.raftbroker.bench;

import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Publishes over all connections, with a number of messages outstanding in all. */
final class PublishLoad implements Load {
  private final List<Lane> lanes = new ArrayList<>();
  private final List<Runnable> closers = new ArrayList<>();
  private final Frames frames;
  private final Subjects subjects;
  private final Meter meter;
  private final Duration timeout;

  /**
   * @param outstanding messages sent and unanswered, over all connections; fewer than there are
   *     connections leave some of them unused
   * @param limit messages to publish in all, rounded up to whole frames; {@link Long#MAX_VALUE}:
   *     until stopped
   */
  PublishLoad(
      Connections connections,
      BenchSettings settings,
      PublishMode mode,
      int outstanding,
      int frame,
      long limit,
      Subjects subjects,
      Meter meter) {
    this.subjects = subjects;
    this.meter = meter;
    this.timeout = settings.timeout();
    this.frames =
        mode == PublishMode.UNARY
            ? Frames.single(subjects, settings.bodyBytes())
            : Frames.ofMany(subjects, settings.bodyBytes(), frame);
    List<Connection> used =
        connections
            .all()
            .subList(
                0, Math.min(Math.max(1, outstanding / frames.size()), connections.all().size()));
    long startNanos = System.nanoTime();
    for (int i = 0; i < used.size(); i++) {
      int window = share(outstanding, used.size(), i);
      long ownLimit = limit == Long.MAX_VALUE ? limit : wholeFrames(limit, used.size(), i);
      Pace pace = Pace.of(settings.ratePerSecond() / frames.size() / used.size(), startNanos);
      lanes.add(lane(used.get(i), mode, pace, window, ownLimit, i));
    }
  }

  @Override
  public void start() {
    lanes.forEach(Lane::start);
  }

  @Override
  public void stop() {
    List<CompletableFuture<Void>> stopped = lanes.stream().map(Lane::stop).toList();
    Waiting.forAll(stopped, timeout, "answers to publishes");
    closers.forEach(Runnable::run);
  }

  @Override
  public void check(long failed) {
    subjects.checkDense(failed, meter);
  }

  /** Completes when the limit was published. */
  CompletableFuture<Void> finished() {
    return CompletableFuture.allOf(
        lanes.stream().map(Lane::drained).toArray(CompletableFuture[]::new));
  }

  private Lane lane(
      Connection connection, PublishMode mode, Pace pace, int window, long limit, int number) {
    // Lanes start at different subjects, else all of them would load the same one at a time.
    long firstFrame = number;
    return switch (mode) {
      case UNARY -> callLane(connection, pace, window, limit, firstFrame, this::sendOne);
      case BATCH -> callLane(connection, pace, window, limit, firstFrame, this::sendBatch);
      case STREAM -> streamLane(connection, pace, window, limit, firstFrame);
    };
  }

  private interface CallSender {
    void send(Connection connection, Lane lane, long frame, long intendedNanos);
  }

  private Lane callLane(
      Connection connection, Pace pace, int window, long limit, long first, CallSender sender) {
    return new Sequence(first)
        .lane(
            connection,
            pace,
            window,
            frames.size(),
            limit,
            (lane, number, intended) -> sender.send(connection, lane, number, intended));
  }

  private Lane streamLane(Connection connection, Pace pace, int window, long limit, long first) {
    Sequence sequence = new Sequence(first);
    PublishPipe pipe =
        new PublishPipe(
            connection,
            frames,
            subjects,
            meter,
            new PublishPipe.Settled() {
              @Override
              public void published(long intendedNanos, int messages) {
                meter.done(intendedNanos, messages);
                sequence.lane().settled(messages);
              }

              @Override
              public void failed(Status status, int messages) {
                meter.failed(status, messages);
                sequence.lane().failed(messages);
              }
            });
    closers.add(() -> connection.loop().execute(pipe::close));
    return sequence.lane(
        connection,
        pace,
        window,
        frames.size(),
        limit,
        (lane, number, intended) -> pipe.send(number, frames.frame(number), intended));
  }

  private void sendOne(Connection connection, Lane lane, long frame, long intendedNanos) {
    UnaryCall.send(
        connection,
        RawMethods.PUBLISH,
        frames.frame(frame),
        timeout,
        (id, status) -> {
          if (id == null) {
            meter.failed(status, 1);
            lane.failed(1);
            return;
          }
          meter.done(intendedNanos, 1);
          subjects.acknowledge(frames.subjectOf(frame, 0), id, meter);
          lane.settled(1);
        });
  }

  private void sendBatch(Connection connection, Lane lane, long frame, long intendedNanos) {
    UnaryCall.send(
        connection,
        RawMethods.PUBLISH_BATCH,
        frames.frame(frame),
        timeout,
        (results, status) -> onBatch(lane, frame, intendedNanos, results, status));
  }

  private void onBatch(
      Lane lane, long frame, long intendedNanos, @Nullable PublishResults results, Status status) {
    if (results == null || results.size() != frames.size()) {
      meter.failed(results == null ? status : Status.DATA_LOSS, frames.size());
      lane.failed(frames.size());
      return;
    }
    int published = 0;
    for (int i = 0; i < results.size(); i++) {
      if (results.codes()[i] == 0) {
        published++;
        subjects.acknowledge(frames.subjectOf(frame, i), results.ids()[i], meter);
      } else {
        meter.failed(Subjects.refusal(results.codes()[i]), 1);
      }
    }
    if (published > 0) {
      meter.done(intendedNanos, published);
    }
    if (published == results.size()) {
      lane.settled(results.size());
    } else {
      lane.failed(results.size());
    }
  }

  static int share(int total, int parts, int part) {
    return total / parts + (part < total % parts ? 1 : 0);
  }

  private long wholeFrames(long limit, int parts, int part) {
    long wanted = (limit + frames.size() - 1) / frames.size();
    return (wanted / parts + (part < wanted % parts ? 1 : 0)) * frames.size();
  }
}
