package org.raftbroker.storage.rocksdb;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.storage.ArchiveState;
import org.raftbroker.storage.BacklogRun;
import org.raftbroker.storage.Incarnation;
import org.raftbroker.storage.KeyState;
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.SubjectState;
import org.raftbroker.storage.SubjectState.Archived;
import org.raftbroker.storage.SubjectState.Head;
import org.raftbroker.storage.SubjectState.Kept;
import org.raftbroker.storage.SubjectState.Stored;
import org.raftbroker.storage.VersionedMap;

/**
 * Keys and values of the store. Rows are told apart by the first byte of the key; numbers are
 * big-endian, so that key order is number order.
 *
 * <p>Messages are in a family of their own, because they come in key order: their files then
 * overlap little or not at all, and RocksDB moves them from level to level instead of writing them
 * again. Next to rows that change all the time each message was written several times over.
 *
 * <pre>
 * P                                    position: format, term, log index, log time, last subject number, archive
 * C                                    cluster map: version, content
 * S subject                            subject state
 * N number                             subject name
 * G number                             settings of a subject that has any
 * V number id                          how many bytes the subject's frames had up to this one
 * D number                             (empty) something is kept of the subject that nobody can read
 * T number                             up to which id messages may outlive the maximum age
 * M number id                          message frame
 * R number fromId                      toId of a reserved run
 * X expiresAt number id                frame size of a message that expires; none where there is an archive
 * B logIndex number fromId             toId, messages, bytes of a run that is not archived yet
 * K number key                         idempotency key: id, content hash, forgottenAt
 * L forgottenAt number key             (empty) when to forget it
 * O origin slot                        sequence, log time, outcome; a slot is the sequence modulo the window
 * </pre>
 */
final class Rows {
  static final int FORMAT = 4;

  static final byte[] MESSAGES_FAMILY = "messages".getBytes(StandardCharsets.UTF_8);

  static final byte POSITION = 'P';
  static final byte CLUSTER_MAP = 'C';
  static final byte SUBJECT = 'S';
  static final byte NAME = 'N';
  static final byte MESSAGE = 'M';
  static final byte RESERVED = 'R';
  static final byte EXPIRES = 'X';
  static final byte KEY = 'K';
  static final byte FORGETS = 'L';
  static final byte ORIGIN = 'O';
  static final byte BACKLOG = 'B';
  static final byte SETTINGS = 'G';
  static final byte SIZE_MARK = 'V';
  static final byte REMOVAL = 'D';
  static final byte AGING = 'T';

  private Rows() {}

  static byte[] positionKey() {
    return new byte[] {POSITION};
  }

  static byte[] clusterMapKey() {
    return new byte[] {CLUSTER_MAP};
  }

  static byte[] clusterMapValue(VersionedMap map) {
    ByteBuffer content = map.content();
    return ByteBuffer.allocate(8 + content.remaining()).putLong(map.version()).put(content).array();
  }

  static VersionedMap clusterMap(byte[] value) {
    ByteBuffer in = ByteBuffer.wrap(value);
    return new VersionedMap(in.getLong(), in.slice());
  }

  record Position(
      long term, long logIndex, long timeMillis, long lastSubjectNumber, ArchiveState archive) {
    static final Position START = new Position(0, -1, 0, 0, ArchiveState.NONE);

    byte[] value() {
      return ByteBuffer.allocate(85)
          .putInt(FORMAT)
          .putLong(term)
          .putLong(logIndex)
          .putLong(timeMillis)
          .putLong(lastSubjectNumber)
          .putLong(archive.incarnation().number())
          .putLong(archive.incarnation().logId())
          .put((byte) (archive.open() ? 1 : 0))
          .putLong(archive.archivedIndex())
          .putLong(archive.backlogMessages())
          .putLong(archive.backlogIds())
          .putLong(archive.backlogBytes())
          .array();
    }

    static Position of(byte[] value) {
      ByteBuffer in = ByteBuffer.wrap(value);
      int format = in.getInt();
      if (format != FORMAT) {
        throw new IllegalStateException(
            "the store has format "
                + format
                + ", this version reads format "
                + FORMAT
                + "; start it with the version that wrote it");
      }
      return new Position(
          in.getLong(),
          in.getLong(),
          in.getLong(),
          in.getLong(),
          new ArchiveState(
              new Incarnation(in.getLong(), in.getLong()),
              in.get() != 0,
              in.getLong(),
              in.getLong(),
              in.getLong(),
              in.getLong()));
    }
  }

  static byte[] subjectKey(Subject subject) {
    return subjectKey(subject.utf8());
  }

  /** Of a name, or of the beginning of one. */
  static byte[] subjectKey(String name) {
    return subjectKey(name.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] subjectKey(byte[] name) {
    return ByteBuffer.allocate(1 + name.length).put(SUBJECT).put(name).array();
  }

  static byte[] subjectValue(SubjectState state) {
    return ByteBuffer.allocate(116)
        .putLong(state.number())
        .putLong(state.createdAtMillis())
        .putLong(state.head().id())
        .putLong(state.head().messageId())
        .putInt(state.head().checksum())
        .putLong(state.head().reservedFrom())
        .putLong(state.stored().messages())
        .putLong(state.stored().bytes())
        .putLong(state.archived().id())
        .putLong(state.archived().messages())
        .putLong(state.archived().bytes())
        .putLong(state.kept().firstId())
        .putLong(state.kept().messages())
        .putLong(state.kept().removedId())
        .putLong(state.kept().publishedBytes())
        .array();
  }

  static SubjectState subjectState(byte[] value) {
    ByteBuffer in = ByteBuffer.wrap(value);
    return new SubjectState(
        in.getLong(),
        in.getLong(),
        new Head(in.getLong(), in.getLong(), in.getInt(), in.getLong()),
        new Stored(in.getLong(), in.getLong()),
        new Archived(in.getLong(), in.getLong(), in.getLong()),
        new Kept(in.getLong(), in.getLong(), in.getLong(), in.getLong()));
  }

  static byte[] settingsValue(SubjectSettings settings) {
    return ByteBuffer.allocate(28)
        .putInt(settings.defaultExpirationSeconds())
        .putInt(settings.maxBodyBytes())
        .putLong(settings.maxMessages())
        .putInt(settings.maxAgeSeconds())
        .putLong(settings.maxBytes())
        .array();
  }

  static SubjectSettings settings(byte[] value) {
    ByteBuffer in = ByteBuffer.wrap(value);
    return new SubjectSettings(in.getInt(), in.getInt(), in.getLong(), in.getInt(), in.getLong());
  }

  /** Of rows whose value is one number. */
  static byte[] value(long number) {
    return ByteBuffer.allocate(8).putLong(number).array();
  }

  /** The number of such a row. */
  static long valueOf(byte[] value) {
    return ByteBuffer.wrap(value).getLong();
  }

  static byte[] nameKey(long number) {
    return numbers(NAME, number);
  }

  static byte[] messageKey(long number, long id) {
    return numbers(MESSAGE, number, id);
  }

  static byte[] reservedKey(long number, long fromId) {
    return numbers(RESERVED, number, fromId);
  }

  static byte[] expiresKey(long expiresAtMillis, long number, long id) {
    return numbers(EXPIRES, expiresAtMillis, number, id);
  }

  static byte[] keyKey(long number, String key) {
    byte[] name = key.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(9 + name.length).put(KEY).putLong(number).put(name).array();
  }

  static byte[] keyValue(KeyState state) {
    return ByteBuffer.allocate(24)
        .putLong(state.id())
        .putLong(state.contentHash())
        .putLong(state.forgottenAtMillis())
        .array();
  }

  static KeyState keyState(byte[] value) {
    ByteBuffer in = ByteBuffer.wrap(value);
    return new KeyState(in.getLong(), in.getLong(), in.getLong());
  }

  static byte[] forgetsKey(long forgottenAtMillis, long number, String key) {
    byte[] name = key.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(17 + name.length)
        .put(FORGETS)
        .putLong(forgottenAtMillis)
        .putLong(number)
        .put(name)
        .array();
  }

  static byte[] originKey(long origin, int slot) {
    return ByteBuffer.allocate(10).put(ORIGIN).putLong(origin).put((byte) slot).array();
  }

  static byte[] backlogKey(BacklogRun run) {
    return numbers(BACKLOG, run.logIndex(), run.subjectNumber(), run.fromId());
  }

  static byte[] backlogValue(BacklogRun run) {
    return ByteBuffer.allocate(24)
        .putLong(run.toId())
        .putLong(run.messages())
        .putLong(run.bytes())
        .array();
  }

  static BacklogRun backlogRun(Subject subject, byte[] key, byte[] value) {
    ByteBuffer in = ByteBuffer.wrap(value);
    return new BacklogRun(
        number(key, 0),
        subject,
        number(key, 1),
        number(key, 2),
        in.getLong(),
        in.getLong(),
        in.getLong());
  }

  record OriginRow(long sequence, long timeMillis, Outcome outcome) {
    byte[] value() {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream(32 + 2 * outcome.size());
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      try {
        out.writeInt64NoTag(sequence);
        out.writeInt64NoTag(timeMillis);
        out.writeInt32NoTag(outcome.size());
        long previous = 0;
        for (int i = 0; i < outcome.size(); i++) {
          out.writeSInt64NoTag(
              outcome.id(i) - previous); // neighbours are close: one byte each, mostly
          previous = outcome.id(i);
        }
        List<Integer> reused = outcome.keyReused();
        out.writeInt32NoTag(reused.size());
        for (int position : reused) {
          out.writeInt32NoTag(position);
        }
        out.flush();
      } catch (IOException e) {
        throw new IllegalStateException("an array stream does not fail", e);
      }
      return bytes.toByteArray();
    }

    static OriginRow of(byte[] value) {
      CodedInputStream in = CodedInputStream.newInstance(value);
      try {
        long sequence = in.readInt64();
        long timeMillis = in.readInt64();
        long[] ids = new long[in.readInt32()];
        long previous = 0;
        for (int i = 0; i < ids.length; i++) {
          previous += in.readSInt64();
          ids[i] = previous;
        }
        int[] reused = new int[in.readInt32()];
        for (int i = 0; i < reused.length; i++) {
          reused[i] = in.readInt32();
        }
        return new OriginRow(sequence, timeMillis, new Outcome(ids, reused));
      } catch (IOException e) {
        throw new IllegalStateException("an origin row cannot be decoded", e);
      }
    }
  }

  /** The first key after all keys that start with {@code tag} and these numbers. */
  static byte[] after(byte tag, long... numbers) {
    return afterPrefix(numbers(tag, numbers));
  }

  /** The first key after all keys that start with {@code prefix}. */
  static byte[] afterPrefix(byte[] prefix) {
    byte[] key = prefix.clone();
    for (int i = key.length - 1; i >= 0; i--) {
      if (++key[i] != 0) {
        return Arrays.copyOf(key, i + 1);
      }
    }
    throw new IllegalStateException("no key is after " + Arrays.toString(prefix));
  }

  static byte[] numbers(byte tag, long... numbers) {
    ByteBuffer key = ByteBuffer.allocate(1 + 8 * numbers.length).put(tag);
    for (long number : numbers) {
      key.putLong(number);
    }
    return key.array();
  }

  /** The {@code position}-th number (from 0) of a key. */
  static long number(byte[] key, int position) {
    return ByteBuffer.wrap(key).getLong(1 + 8 * position);
  }

  /** What follows {@code numbers} numbers in a key. */
  static String text(byte[] key, int numbers) {
    int from = 1 + 8 * numbers;
    return new String(key, from, key.length - from, StandardCharsets.UTF_8);
  }
}
