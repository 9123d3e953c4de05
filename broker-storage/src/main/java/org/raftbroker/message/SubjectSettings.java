package org.raftbroker.message;

/**
 * What was set for a subject, beside the limits that nodes have for all. 0 means everywhere that
 * nothing is set.
 *
 * @param defaultExpirationSeconds for messages that name no expiration of their own
 * @param maxBodyBytes longer bodies are refused
 * @param maxMessages only the newest so many messages are kept
 * @param maxAgeSeconds no message lives longer
 * @param maxBytes only the newest messages are kept that have about so many bytes together
 */
public record SubjectSettings(
    int defaultExpirationSeconds,
    int maxBodyBytes,
    long maxMessages,
    int maxAgeSeconds,
    long maxBytes) {
  public static final SubjectSettings DEFAULT = new SubjectSettings(0, 0, 0, 0, 0);

  /**
   * How long a message lives, in seconds; 0: for ever.
   *
   * @param wanted what its publisher asked for; 0: nothing
   */
  public int expirationSeconds(int wanted) {
    int seconds = wanted == 0 ? defaultExpirationSeconds : wanted;
    if (maxAgeSeconds == 0) {
      return seconds;
    }
    return seconds == 0 ? maxAgeSeconds : Math.min(seconds, maxAgeSeconds);
  }
}
