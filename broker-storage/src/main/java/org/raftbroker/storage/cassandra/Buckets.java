package org.raftbroker.storage.cassandra;

/**
 * How ids are divided over partitions.
 *
 * <p>A <em>bucket</em> is {@value #BUCKET_IDS} ids of a subject: one partition of messages. Frames
 * of more than {@value #INLINE_BYTES} bytes are kept elsewhere, so it has at most 1,024 × 64 KiB =
 * 64 MiB; Cassandra wants partitions below about 100 MiB. A large frame is a partition of its own,
 * of at most one message.
 *
 * <p>An <em>epoch</em> is {@value #EPOCH_BUCKETS} buckets, 16,777,216 ids: one partition of the
 * index that says which buckets have rows, and one row of the index that says which epochs have.
 * Ids can have enormous holes, and two questions to the indexes step over any of them.
 */
final class Buckets {
  static final int BUCKET_IDS = 1024;
  static final int EPOCH_BUCKETS = 16_384;

  /** Longer frames are stored in parts. */
  static final int INLINE_BYTES = 64 * 1024;

  /**
   * Longest part of a large frame. Cassandra refuses a write of more than half a commit log
   * segment, which is 16 MiB if nobody changed it.
   */
  static final int PART_BYTES = 1024 * 1024;

  private Buckets() {}

  static long bucket(long id) {
    return id / BUCKET_IDS;
  }

  static long firstId(long bucket) {
    return bucket * BUCKET_IDS;
  }

  static long lastId(long bucket) {
    return firstId(bucket) + BUCKET_IDS - 1;
  }

  static long epoch(long bucket) {
    return bucket / EPOCH_BUCKETS;
  }

  static long firstBucket(long epoch) {
    return epoch * EPOCH_BUCKETS;
  }

  static int parts(int frameBytes) {
    return (frameBytes + PART_BYTES - 1) / PART_BYTES;
  }
}
