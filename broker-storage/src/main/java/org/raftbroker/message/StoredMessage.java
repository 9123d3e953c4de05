package org.raftbroker.message;

/**
 * A message with its id, in the one form in which it is stored, kept in memory and sent: an encoded
 * {@code MessageResponse}. Encoded once, when the entry that carries it is applied; shared by the
 * store and all subscriptions.
 */
public final class StoredMessage {
  private final Subject subject;
  private final long id;
  private final long expiresAtMillis;
  private final byte[] frame;

  /**
   * @param expiresAtMillis since the Unix epoch; 0: never
   * @param frame the encoded {@code MessageResponse}; not copied, and not to be changed by anyone
   *     from now on
   */
  public StoredMessage(Subject subject, long id, long expiresAtMillis, byte[] frame) {
    this.subject = subject;
    this.id = id;
    this.expiresAtMillis = expiresAtMillis;
    this.frame = frame;
  }

  /**
   * A message as another node sent it.
   *
   * @param frame not copied, and not to be changed by anyone from now on
   */
  public static StoredMessage ofFrame(Subject subject, byte[] frame) {
    return new StoredMessage(
        subject, MessageFrame.id(frame), MessageFrame.expiresAtMillis(frame), frame);
  }

  public Subject subject() {
    return subject;
  }

  public long id() {
    return id;
  }

  public long expiresAtMillis() {
    return expiresAtMillis;
  }

  /** The encoded {@code MessageResponse}: shared, not a copy; nobody writes to it. */
  public byte[] frame() {
    return frame;
  }

  /**
   * Whether this message is past its time at {@code nowMillis}, and so not to be shown to anyone.
   */
  public boolean isExpiredAt(long nowMillis) {
    return expiresAtMillis != 0 && expiresAtMillis <= nowMillis;
  }

  @Override
  public String toString() {
    return subject + "#" + id + " (" + frame.length + " bytes)";
  }
}
