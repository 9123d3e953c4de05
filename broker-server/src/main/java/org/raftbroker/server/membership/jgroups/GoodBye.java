package org.raftbroker.server.membership.jgroups;

import java.util.Optional;
import org.jgroups.Message;
import org.raftbroker.server.membership.Presence;

/** What a member says before it goes, and the answer; one byte each on the wire. */
enum GoodBye {
  STOPPING(1),
  LEAVING(2),
  HEARD(3);

  private final byte code;

  GoodBye(int code) {
    this.code = (byte) code;
  }

  byte[] bytes() {
    return new byte[] {code};
  }

  /** Empty if it is of a version unlike this. */
  static Optional<GoodBye> of(Message message) {
    if (message.getLength() > 0) {
      byte code = message.getArray()[message.getOffset()];
      for (GoodBye one : values()) {
        if (one.code == code) {
          return Optional.of(one);
        }
      }
    }
    return Optional.empty();
  }

  Presence presence() {
    return switch (this) {
      case STOPPING -> Presence.STOPPED;
      case LEAVING -> Presence.LEFT;
      case HEARD -> Presence.UP;
    };
  }
}
