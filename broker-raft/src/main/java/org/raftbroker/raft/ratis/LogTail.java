package org.raftbroker.raft.ratis;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a replica's log after a crash. A process that dies in the middle of a write leaves an
 * entry of which only the beginning reached the file; it was not fsynced, so nobody was told of it,
 * and it may be cut off. Anything else that does not match its checksum was there before: that is
 * damage, stays as it is, and keeps the replica from starting.
 *
 * <p>Ratis itself cuts an entry that the file's end tears, but takes one in space that it filled
 * with zeros beforehand for damage.
 *
 * <p>The file: 8 bytes of header; then for each entry its length as a varint, its bytes, and a
 * CRC-32C of both; then zeros.
 */
final class LogTail {
  private static final Logger log = LoggerFactory.getLogger(LogTail.class);

  private static final int HEADER_BYTES = 8;
  private static final int CHECKSUM_BYTES = 4;
  private static final byte TERM_TAG = 0x08;

  private LogTail() {}

  /**
   * Cuts a torn entry off the newest segment in a group's directory, if there is one. Damage is
   * left for Ratis to refuse.
   */
  static void repair(Path groupDirectory) throws IOException {
    Path current = groupDirectory.resolve("current");
    if (!Files.isDirectory(current)) {
      return;
    }
    List<Path> open;
    try (Stream<Path> files = Files.list(current)) {
      open = files.filter(f -> f.getFileName().toString().startsWith("log_inprogress_")).toList();
    }
    for (Path segment : open) {
      // What a killed process wrote and did not fsync is read back all the same: from now on it
      // counts, so it must last.
      Durable.sync(segment);
      int end = tornAt(Files.readAllBytes(segment));
      if (end >= 0) {
        log.atWarn()
            .addKeyValue("file", segment)
            .addKeyValue("position", end)
            .log("cut off a log entry that a crash left unfinished");
        try (FileChannel channel = FileChannel.open(segment, StandardOpenOption.WRITE)) {
          channel.truncate(end);
          channel.force(true);
        }
      }
    }
  }

  /** Where a torn last entry begins; -1 if there is none, be the rest whole or damaged. */
  static int tornAt(byte[] segment) {
    int written = segment.length;
    while (written > 0 && segment[written - 1] == 0) {
      written--;
    }
    int at = HEADER_BYTES;
    while (at < written) {
      Frame frame = Frame.at(segment, at);
      if (frame != null && frame.end <= segment.length && frame.matches(segment)) {
        at = (int) frame.end;
        continue;
      }
      boolean reachesPastTheEnd = frame == null || frame.end > written;
      // A damaged length can make a whole entry look torn: but then its checksum is there, or whole
      // entries follow.
      return reachesPastTheEnd
              && !isWholeButForItsLength(segment, at, written)
              && !hasWholeEntryBetween(segment, at + 1, written)
          ? at
          : -1;
    }
    return -1;
  }

  private static boolean hasWholeEntryBetween(byte[] segment, int from, int to) {
    for (int at = from; at < to; at++) {
      Frame frame = Frame.at(segment, at);
      // An entry begins with its term, field 1 of the message: looking for it first spares most
      // checksums.
      if (frame != null
          && frame.end <= to + CHECKSUM_BYTES
          && frame.end <= segment.length
          && segment[frame.bodyAt] == TERM_TAG
          && frame.matches(segment)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isWholeButForItsLength(byte[] segment, int at, int written) {
    // The checksum may itself end in zeros, so it ends somewhere in the four bytes after what was
    // written.
    for (int end = written; end <= Math.min(written + CHECKSUM_BYTES - 1, segment.length); end++) {
      for (int lengthBytes = 1; lengthBytes <= Frame.MAX_LENGTH_BYTES; lengthBytes++) {
        int length = end - CHECKSUM_BYTES - at - lengthBytes;
        if (length > 0) {
          byte[] varint = varint(length);
          if (varint.length == lengthBytes
              && checksum(varint, segment, at + lengthBytes, length)
                  == ByteBuffer.wrap(segment).getInt(end - CHECKSUM_BYTES)) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private static byte[] varint(int value) {
    ByteBuffer bytes = ByteBuffer.allocate(Frame.MAX_LENGTH_BYTES);
    int rest = value;
    while (rest >= 0x80) {
      bytes.put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    bytes.put((byte) rest);
    byte[] exact = new byte[bytes.position()];
    bytes.flip().get(exact);
    return exact;
  }

  private static int checksum(byte[] varint, byte[] segment, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(varint);
    crc.update(segment, from, length);
    return (int) crc.getValue();
  }

  /**
   * @param from of the length
   * @param bodyAt of the entry
   * @param end behind the checksum; may lie past the file
   */
  private record Frame(int from, int bodyAt, int length, long end) {
    static final int MAX_LENGTH_BYTES = 5;

    /** Null if the file ends within the length, or if it is no length. */
    static @Nullable Frame at(byte[] segment, int from) {
      long length = 0;
      for (int i = 0; i < MAX_LENGTH_BYTES; i++) {
        if (from + i >= segment.length) {
          return null;
        }
        byte b = segment[from + i];
        length |= (long) (b & 0x7f) << (7 * i);
        if (b >= 0) {
          int bodyAt = from + i + 1;
          return length == 0 || length > Integer.MAX_VALUE
              ? null
              : new Frame(from, bodyAt, (int) length, bodyAt + length + CHECKSUM_BYTES);
        }
      }
      return null;
    }

    boolean matches(byte[] segment) {
      CRC32C crc = new CRC32C();
      crc.update(segment, from, bodyAt - from + length);
      return (int) crc.getValue() == ByteBuffer.wrap(segment).getInt((int) end - CHECKSUM_BYTES);
    }
  }
}
