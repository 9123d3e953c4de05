package org.raftbroker.bench;

import org.jspecify.annotations.Nullable;

/**
 * Numbers the frames of one lane and ties the two together: what settles a message needs the lane,
 * and the lane needs what sends. Only touched on the lane's loop once it has started.
 */
final class Sequence {
  private long next;
  private @Nullable Lane lane;

  /** Sends the frame with a number. */
  interface NumberedSender {
    void send(Lane lane, long number, long intendedNanos);
  }

  Sequence(long first) {
    next = first;
  }

  Lane lane(
      Connection connection, Pace pace, int window, int frame, long limit, NumberedSender sender) {
    Lane created =
        new Lane(
            connection.loop(),
            pace,
            window,
            frame,
            limit,
            intended -> sender.send(lane(), next++, intended));
    lane = created;
    return created;
  }

  Lane lane() {
    if (lane == null) {
      throw new IllegalStateException("the lane is used before it was made");
    }
    return lane;
  }
}
