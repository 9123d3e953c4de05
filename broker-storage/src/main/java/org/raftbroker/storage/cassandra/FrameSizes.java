package org.raftbroker.storage.cassandra;

import java.util.LinkedHashMap;
import java.util.Map;
import org.raftbroker.message.Subject;

/**
 * How long the frames of a subject were that were read last, so that the next read can ask for
 * about as many rows as it has use for: Cassandra is asked for rows, not for bytes. Any thread.
 */
final class FrameSizes {
  private static final int MAX_SUBJECTS = 10_000;
  private static final int FIRST_GUESS = 1024;

  /** Guarded by itself. */
  private final Map<Subject, Integer> bytesBySubject =
      new LinkedHashMap<>(128, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Subject, Integer> eldest) {
          return size() > MAX_SUBJECTS;
        }
      };

  /**
   * How many rows to ask for. Sizes that jump can make the answer larger than wanted, once, by at
   * most a bucket.
   */
  int rows(Subject subject, long wantedBytes) {
    long each;
    synchronized (bytesBySubject) {
      each = bytesBySubject.getOrDefault(subject, FIRST_GUESS);
    }
    return (int) Math.max(1, Math.min(Buckets.BUCKET_IDS, (wantedBytes + each - 1) / each));
  }

  /** The largest of an answer; of what was before, a half is remembered. */
  void read(Subject subject, int largestFrameBytes) {
    synchronized (bytesBySubject) {
      int before = bytesBySubject.getOrDefault(subject, 0);
      bytesBySubject.put(subject, Math.max(1, Math.max(largestFrameBytes, before / 2)));
    }
  }
}
