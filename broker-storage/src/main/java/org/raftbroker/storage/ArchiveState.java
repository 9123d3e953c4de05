package org.raftbroker.storage;

/**
 * How a shard stands with the archive. Without one it stays {@link #NONE}.
 *
 * @param incarnation which life of the shard's log this is
 * @param open whether ids may be given out; before, the catalog may know of ids that this log has
 *     not heard of yet
 * @param archivedIndex log index up to which everything is archived; -1 if nothing is
 * @param backlogMessages messages that are in the store and not yet archived
 * @param backlogIds the same in ids, which counts reserved ones, too
 * @param backlogBytes the size of those messages' frames
 */
public record ArchiveState(
    Incarnation incarnation,
    boolean open,
    long archivedIndex,
    long backlogMessages,
    long backlogIds,
    long backlogBytes) {

  public static final ArchiveState NONE = new ArchiveState(Incarnation.NONE, false, -1, 0, 0, 0);

  /** Subjects of the archive are being taken over. */
  public static ArchiveState adopting(Incarnation incarnation) {
    return new ArchiveState(incarnation, false, -1, 0, 0, 0);
  }

  public static ArchiveState opened(Incarnation incarnation) {
    return new ArchiveState(incarnation, true, -1, 0, 0, 0);
  }

  public ArchiveState with(BacklogRun added) {
    return new ArchiveState(
        incarnation,
        open,
        archivedIndex,
        backlogMessages + added.messages(),
        backlogIds + added.ids(),
        backlogBytes + added.bytes());
  }

  public ArchiveState without(BacklogRun archived) {
    return new ArchiveState(
        incarnation,
        open,
        archivedIndex,
        backlogMessages - archived.messages(),
        backlogIds - archived.ids(),
        backlogBytes - archived.bytes());
  }

  public ArchiveState archivedUpTo(long logIndex) {
    return new ArchiveState(incarnation, open, logIndex, backlogMessages, backlogIds, backlogBytes);
  }
}
