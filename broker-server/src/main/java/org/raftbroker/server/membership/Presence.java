package org.raftbroker.server.membership;

/** Whether a member is there, and if not, since what. */
public enum Presence {
  UP("up"),
  /** Listed in the configuration, and not seen since this node started. */
  UNSEEN("not seen yet"),
  /**
   * Gone without a word: it crashed, or the network is cut. It may come back, or still be there.
   */
  FAILED("failed"),
  /** Said that it stops, and is expected back: a restart, an upgrade. */
  STOPPED("stopped"),
  /** Left for good, on purpose. Only this one may be taken out of the cluster. */
  LEFT("left");

  private final String text;

  Presence(String text) {
    this.text = text;
  }

  /** Neither there nor gone for good. */
  public boolean isDown() {
    return this == UNSEEN || this == FAILED || this == STOPPED;
  }

  /** For people. */
  @Override
  public String toString() {
    return text;
  }

  /**
   * Whether news of this kind changes what is known. One who said good-bye is not called failed
   * because it then was gone; otherwise the newer word counts.
   */
  boolean yieldsTo(Presence news) {
    return switch (news) {
      case UP, LEFT -> this != news;
      case STOPPED -> this != STOPPED && this != LEFT;
      case FAILED -> this == UP || this == UNSEEN;
      case UNSEEN -> false;
    };
  }
}
