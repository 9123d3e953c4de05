package org.raftbroker.storage;

/**
 * What a shard remembers of one subject.
 *
 * @param number the shard's own short name for it, from 1 in order of first use
 * @param lastId the head: the highest id given so far
 * @param lastMessageId the highest id that was given to a message, not reserved; 0 if none
 * @param checksum running CRC-32C up to that message, see {@code MessageResponse.checksum}
 * @param reservedFrom first id of the reserved run that ends at the head; 0 if the head is a
 *     message
 * @param messages how many messages the store holds, expired ones that are not removed yet included
 * @param bytes the size of their frames
 * @param archivedId every message up to this id is archived and no longer in the store; 0 if none
 * @param archivedMessages how many messages were archived
 * @param archivedBytes the size of their frames
 */
public record SubjectState(
    long number,
    long lastId,
    long lastMessageId,
    int checksum,
    long reservedFrom,
    long messages,
    long bytes,
    long archivedId,
    long archivedMessages,
    long archivedBytes) {

  public static SubjectState first(long number) {
    return new SubjectState(number, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  /** A subject as the archive knows it, with nothing in the store. */
  public static SubjectState adopted(
      long number, Catalog.ArchivedSubject known, long reservedFrom) {
    return new SubjectState(
        number,
        known.lastId(),
        known.archivedMessageId(),
        known.archivedChecksum(),
        reservedFrom,
        0,
        0,
        known.archivedId(),
        known.messages(),
        known.bytes());
  }

  public SubjectState withMessage(long id, int newChecksum, int frameBytes) {
    return new SubjectState(
        number,
        id,
        id,
        newChecksum,
        0,
        messages + 1,
        bytes + frameBytes,
        archivedId,
        archivedMessages,
        archivedBytes);
  }

  public SubjectState withReserved(long from, long to) {
    return new SubjectState(
        number,
        to,
        lastMessageId,
        checksum,
        from,
        messages,
        bytes,
        archivedId,
        archivedMessages,
        archivedBytes);
  }

  public SubjectState withoutMessage(int frameBytes) {
    return inStore(messages - 1, bytes - frameBytes);
  }

  /** After {@code run}, the next one of the backlog, was archived. */
  public SubjectState withArchived(BacklogRun run) {
    return inStore(messages - run.messages(), bytes - run.bytes())
        .inArchive(run.toId(), archivedMessages + run.messages(), archivedBytes + run.bytes());
  }

  /** As this one, but for what the archive has. */
  public SubjectState withArchivedId(long id) {
    return inArchive(id, archivedMessages, archivedBytes);
  }

  private SubjectState inArchive(long upToId, long newMessages, long newBytes) {
    return new SubjectState(
        number,
        lastId,
        lastMessageId,
        checksum,
        reservedFrom,
        messages,
        bytes,
        upToId,
        newMessages,
        newBytes);
  }

  private SubjectState inStore(long newMessages, long newBytes) {
    return new SubjectState(
        number,
        lastId,
        lastMessageId,
        checksum,
        reservedFrom,
        newMessages,
        newBytes,
        archivedId,
        archivedMessages,
        archivedBytes);
  }
}
