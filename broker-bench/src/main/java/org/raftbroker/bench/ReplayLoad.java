package org.raftbroker.bench;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads whole subjects from the earliest message, over and over. */
final class ReplayLoad implements Load {
  private final List<Replay> replays = new ArrayList<>();

  private record Replay(Connection connection, Reader reader) {}

  ReplayLoad(
      Connections connections, boolean batches, int subscribers, Subjects subjects, Meter meter) {
    for (int i = 0; i < subscribers; i++) {
      Connection connection = connections.all().get(i % connections.all().size());
      int subject = i % subjects.count();
      Restarting listener = new Restarting(subjects.highest(subject), meter);
      Reader reader = new Reader(connection, subjects.name(subject), batches, meter, listener);
      listener.reader = reader;
      replays.add(new Replay(connection, reader));
    }
  }

  @Override
  public void start() {
    replays.forEach(replay -> replay.connection().loop().execute(replay.reader()::open));
  }

  @Override
  public void stop() {
    replays.forEach(replay -> replay.connection().loop().execute(replay.reader()::close));
  }

  @Override
  public void check(long failed) {
    // Each delivery was checked when it came.
  }

  /** Begins again once the subject's last message was read. */
  private static final class Restarting implements Reader.Listener {
    private final long highest;
    private final Meter meter;
    private @Nullable Reader reader;

    Restarting(long highest, Meter meter) {
      this.highest = highest;
      this.meter = meter;
    }

    @Override
    public void inPlace() {}

    @Override
    public void delivered(Delivered message) {
      meter.done(1);
      if (message.id() >= highest && reader != null) {
        reader.restart();
      }
    }
  }
}
