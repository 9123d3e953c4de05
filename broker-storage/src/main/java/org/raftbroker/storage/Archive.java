package org.raftbroker.storage;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;

/**
 * Where messages are kept for good, shared by all nodes. Any thread; nothing here blocks. Futures
 * fail with {@link ArchiveException} and complete on a thread of the archive's, which what depends
 * on them must not block.
 *
 * <p>Writing is idempotent: the same subject and id is always the same row with the same content,
 * so a message may be written again by anyone at any time.
 */
public interface Archive extends AutoCloseable {
  /**
   * Writes messages of any subjects. Completes when all of them are durable; after a failure any
   * part of them may be there. How many writes are under way at a time is bounded by the archive.
   *
   * <p>A message that expires is removed by the archive when its time has come; one that is past
   * its time at {@code nowMillis} is not written at all.
   */
  CompletableFuture<Void> write(List<StoredMessage> messages, long nowMillis);

  /** The message with this id; null if there is none (any more). */
  CompletableFuture<@Nullable StoredMessage> message(Subject subject, long id);

  /**
   * Returns messages of one subject in id order.
   *
   * @param fromId first id wanted, at least 1; it need not exist
   * @param toId last id wanted
   * @param maxBytes stop once the frames add up to this many bytes; one message is returned even if
   *     it alone is larger
   */
  CompletableFuture<ArchivedRun> read(Subject subject, long fromId, long toId, int maxBytes);

  /**
   * The lowest id up to {@code toId} whose message was published at or after {@code timeMillis};
   * {@code toId} + 1 if there is none.
   */
  CompletableFuture<Long> firstIdAtOrAfter(Subject subject, long toId, long timeMillis);

  /**
   * Removes messages for good; may be asked again for what is removed already. Without {@code
   * partly} some of the last ones may stay until more are removed.
   *
   * @param fromId the first id to remove
   * @param toId the last one; nothing up to there is ever read or written again
   * @param partly whether to remove what does not fill a partition of the archive, too
   * @param publishedByMillis a time by which all of them were published
   * @return up to which id they are removed: at least one partition further, or {@code toId}
   */
  CompletableFuture<Long> remove(
      Subject subject, long fromId, long toId, boolean partly, long publishedByMillis);

  @Override
  void close();

  /**
   * What one read brought.
   *
   * @param messages by rising ids, with gaps where ids were reserved or messages expired
   * @param completeTo everything up to this id, from where the read began, is among the messages or
   *     not there
   */
  record ArchivedRun(List<StoredMessage> messages, long completeTo) {
    public ArchivedRun {
      messages = List.copyOf(messages);
    }
  }
}
