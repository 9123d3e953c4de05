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
 */
public record SubjectState(
    long number,
    long lastId,
    long lastMessageId,
    int checksum,
    long reservedFrom,
    long messages,
    long bytes) {

  public static SubjectState first(long number) {
    return new SubjectState(number, 0, 0, 0, 0, 0, 0);
  }

  public SubjectState withMessage(long id, int checksum, int frameBytes) {
    return new SubjectState(number, id, id, checksum, 0, messages + 1, bytes + frameBytes);
  }

  public SubjectState withReserved(long from, long to) {
    return new SubjectState(number, to, lastMessageId, checksum, from, messages, bytes);
  }

  public SubjectState withoutMessage(int frameBytes) {
    return new SubjectState(
        number, lastId, lastMessageId, checksum, reservedFrom, messages - 1, bytes - frameBytes);
  }
}
