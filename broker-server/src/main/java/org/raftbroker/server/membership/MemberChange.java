package org.raftbroker.server.membership;

/**
 * What has become of one member.
 *
 * @param now how it is after the change; of a forgotten one how it was
 */
public record MemberChange(Kind kind, MemberView now) {
  /** What may happen to a member. */
  public enum Kind {
    /** It is up, and was not before. */
    JOINED,
    /** It is up, as before, with other addresses or another disk. */
    UPDATED,
    /** It failed or stopped; its presence says which. */
    DOWN,
    /** It left for good. */
    LEFT,
    /** It was gone for so long that it is not listed any more. */
    FORGOTTEN
  }

  static MemberChange to(MemberView now) {
    Kind kind =
        switch (now.presence()) {
          case UP -> Kind.JOINED;
          case UNSEEN, FAILED, STOPPED -> Kind.DOWN;
          case LEFT -> Kind.LEFT;
        };
    return new MemberChange(kind, now);
  }
}
