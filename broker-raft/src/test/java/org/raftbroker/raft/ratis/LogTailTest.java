package org.raftbroker.raft.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogTailTest {
  private static final int PREALLOCATED = 4096;

  private final List<Integer> frameStarts = new ArrayList<>();

  @Test
  void aWholeLogIsLeftAlone() {
    assertThat(LogTail.tornAt(segment(3, 100))).isEqualTo(-1);
    assertThat(LogTail.tornAt(segment(0, 0))).isEqualTo(-1);
    assertThat(LogTail.tornAt(new byte[0])).isEqualTo(-1);
  }

  @Test
  void anEntryCutAtAnyOfItsBytesIsCutOff() {
    byte[] whole = segment(3, 100);
    int end = written(whole);
    for (int start : frameStarts) {
      int next = frameStarts.stream().filter(s -> s > start).findFirst().orElse(end);
      for (int cut = start + 1; cut < next; cut++) {
        byte[] torn = whole.clone();
        Arrays.fill(torn, cut, torn.length, (byte) 0);
        // What the cut left may end in zeros of its own; an entry of which only zeros are missing
        // is whole.
        int expected = Arrays.equals(torn, 0, next, whole, 0, next) ? -1 : start;
        assertThat(LogTail.tornAt(torn))
            .as("cut at %d of [%d, %d)", cut, start, next)
            .isEqualTo(expected);
      }
    }
  }

  @Test
  void aFlippedBitAnywhereIsDamageAndNothingIsCut() {
    byte[] whole = segment(3, 100);
    int end = written(whole);
    for (int at = frameStarts.get(0); at < end; at++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] flipped = whole.clone();
        flipped[at] ^= (byte) (1 << bit);
        assertThat(LogTail.tornAt(flipped)).as("bit %d of byte %d", bit, at).isEqualTo(-1);
      }
    }
  }

  @Test
  void repairShortensTheFileToItsLastWholeEntry(@TempDir Path group) throws Exception {
    byte[] torn = segment(3, 100);
    int last = frameStarts.get(2);
    Arrays.fill(torn, last + 20, torn.length, (byte) 0);
    Path current = Files.createDirectories(group.resolve("current"));
    Path open = Files.write(current.resolve("log_inprogress_7"), torn);
    Path closed = Files.write(current.resolve("log_0-6"), torn);

    LogTail.repair(group);

    assertThat(open).hasBinaryContent(Arrays.copyOf(torn, last));
    assertThat(closed).hasBinaryContent(torn);
  }

  private byte[] segment(int entries, int bytes) {
    Random random = new Random(42);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes("RaftLog1".getBytes(StandardCharsets.US_ASCII));
    for (int i = 0; i < entries; i++) {
      frameStarts.add(out.size());
      byte[] data = new byte[bytes + i];
      random.nextBytes(data);
      byte[] body =
          LogEntryProto.newBuilder()
              .setTerm(1)
              .setIndex(7 + i)
              .setStateMachineLogEntry(
                  StateMachineLogEntryProto.newBuilder().setLogData(ByteString.copyFrom(data)))
              .build()
              .toByteArray();
      byte[] length = varint(body.length);
      CRC32C crc = new CRC32C();
      crc.update(length);
      crc.update(body);
      out.writeBytes(length);
      out.writeBytes(body);
      out.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }
    return Arrays.copyOf(out.toByteArray(), PREALLOCATED);
  }

  private static byte[] varint(int value) {
    return value < 0x80
        ? new byte[] {(byte) value}
        : new byte[] {(byte) (value | 0x80), (byte) (value >> 7)};
  }

  private static int written(byte[] segment) {
    int end = segment.length;
    while (segment[end - 1] == 0) {
      end--;
    }
    return end;
  }
}
