package org.raftbroker.storage;

/**
 * What a shard remembers of one subject.
 *
 * @param number the shard's own short name for it, from 1 in order of first use
 * @param createdAtMillis log time at which it came to be; 0 if it was deleted: then only its ids
 *     are remembered
 */
public record SubjectState(
    long number, long createdAtMillis, Head head, Stored stored, Archived archived, Kept kept) {

  /**
   * How far its ids go.
   *
   * @param id the highest id given so far
   * @param messageId the highest id that was given to a message, not reserved; 0 if none
   * @param checksum running CRC-32C up to that message, see {@code MessageResponse.checksum}
   * @param reservedFrom first id of the reserved run that ends at the head; 0 if the head is a
   *     message
   */
  public record Head(long id, long messageId, int checksum, long reservedFrom) {
    static final Head NONE = new Head(0, 0, 0, 0);
  }

  /**
   * What the store holds, what is to be removed and still there included.
   *
   * @param bytes the size of the messages' frames
   */
  public record Stored(long messages, long bytes) {
    static final Stored NOTHING = new Stored(0, 0);

    Stored with(long moreMessages, long moreBytes) {
      return new Stored(messages + moreMessages, bytes + moreBytes);
    }
  }

  /**
   * What was archived, ever.
   *
   * @param id every message up to this id is archived and no longer in the store; 0 if none
   * @param bytes the size of the messages' frames
   */
  public record Archived(long id, long messages, long bytes) {
    static final Archived NOTHING = new Archived(0, 0, 0);
  }

  /**
   * What a purge or a limit of the subject has left.
   *
   * @param firstId no message before this id can be read; from 1 on
   * @param messages how many ids from there on were given to messages
   * @param removedId everything before {@code firstId} is to be removed where it is kept, and up to
   *     this id it is
   * @param publishedBytes the size of all frames that there ever were
   */
  public record Kept(long firstId, long messages, long removedId, long publishedBytes) {
    static final Kept ALL = new Kept(1, 0, 0, 0);
  }

  public static SubjectState first(long number, long createdAtMillis) {
    return new SubjectState(
        number, createdAtMillis, Head.NONE, Stored.NOTHING, Archived.NOTHING, Kept.ALL);
  }

  /**
   * A subject as the archive knows it, with nothing in the store.
   *
   * @param keptMessages how many of the ids from its first one on were given to messages
   */
  public static SubjectState adopted(
      long number, Catalog.ArchivedSubject known, long reservedFrom, long keptMessages) {
    return new SubjectState(
        number,
        known.createdAtMillis(),
        new Head(known.lastId(), known.archivedMessageId(), known.archivedChecksum(), reservedFrom),
        Stored.NOTHING,
        new Archived(known.archivedId(), known.messages(), known.bytes()),
        new Kept(known.firstId(), keptMessages, 0, known.bytes()));
  }

  public long lastId() {
    return head.id;
  }

  public long firstId() {
    return kept.firstId;
  }

  public long archivedId() {
    return archived.id;
  }

  public boolean isDeleted() {
    return createdAtMillis == 0;
  }

  /** Whether something is still kept that nobody can read. */
  public boolean isRemovalDue() {
    return kept.removedId < kept.firstId - 1;
  }

  /** This one, or a new beginning of it if it was deleted. */
  public SubjectState createdAt(long millis) {
    return isDeleted() ? new SubjectState(number, millis, head, stored, archived, kept) : this;
  }

  /** Only its ids are left, and what is to be removed. */
  public SubjectState deleted() {
    return new SubjectState(number, 0, head, stored, archived, kept);
  }

  public SubjectState withMessage(long id, int checksum, int frameBytes) {
    return new SubjectState(
        number,
        createdAtMillis,
        new Head(id, id, checksum, 0),
        stored.with(1, frameBytes),
        archived,
        new Kept(
            kept.firstId, kept.messages + 1, kept.removedId, kept.publishedBytes + frameBytes));
  }

  public SubjectState withReserved(long from, long to) {
    return new SubjectState(
        number,
        createdAtMillis,
        new Head(to, head.messageId, head.checksum, from),
        stored,
        archived,
        kept);
  }

  /** After messages left the store for good. */
  public SubjectState without(long messages, long frameBytes) {
    return with(stored.with(-messages, -frameBytes), archived);
  }

  /** After {@code run}, the next one of the backlog, was archived. */
  public SubjectState withArchived(BacklogRun run) {
    return with(
        stored.with(-run.messages(), -run.bytes()),
        new Archived(
            Math.max(archived.id, run.toId()),
            archived.messages + run.messages(),
            archived.bytes + run.bytes()));
  }

  /** As this one, but for what the archive has. */
  public SubjectState withArchivedId(long id) {
    return with(stored, new Archived(Math.max(archived.id, id), archived.messages, archived.bytes));
  }

  /**
   * Without what is before an id.
   *
   * @param messages how many ids from there on were given to messages
   */
  public SubjectState keptFrom(long firstId, long messages) {
    return with(new Kept(firstId, messages, kept.removedId, kept.publishedBytes));
  }

  /** After what is up to an id was removed where it was kept. */
  public SubjectState removedUpTo(long id) {
    return with(new Kept(kept.firstId, kept.messages, id, kept.publishedBytes));
  }

  private SubjectState with(Stored newStored, Archived newArchived) {
    return new SubjectState(number, createdAtMillis, head, newStored, newArchived, kept);
  }

  private SubjectState with(Kept newKept) {
    return new SubjectState(number, createdAtMillis, head, stored, archived, newKept);
  }
}
