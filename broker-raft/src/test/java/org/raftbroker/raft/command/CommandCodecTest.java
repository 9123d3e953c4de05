package org.raftbroker.raft.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.proto.log.LogEntry;
import org.raftbroker.proto.log.LogSubmission;
import org.raftbroker.raft.RandomCommands;
import org.raftbroker.raft.command.Command.AppendBatch;
import org.raftbroker.raft.command.Command.Expire;
import org.raftbroker.storage.Outcome;

final class CommandCodecTest {
  @Test
  void everyEntryIsReadBackAsItWasWritten() {
    RandomCommands.forEachSeed(
        500,
        random -> {
          Entry entry =
              new Entry(
                  random.nextInt(100),
                  random.nextLong() >>> 1,
                  random.nextLong() >>> 1,
                  submissions(random));

          byte[] bytes = CommandCodec.encodeEntry(entry.leaderTimeMillis(), entry.submissions());

          assertThat(
                  CommandCodec.decodeEntry(
                      entry.term(), entry.logIndex(), inSomeBuffer(bytes, random)))
              .isEqualTo(entry);
        });
  }

  @Test
  void anEntryIsWhatTheGeneratedClassesReadAndWrite() {
    RandomCommands.forEachSeed(
        500,
        random -> {
          List<Submission> submissions = submissions(random);
          LogEntry expected =
              LogEntry.newBuilder()
                  .setLeaderTimeMillis(random.nextLong() >>> 1)
                  .addAllSubmissions(CommandCodec.toProto(submissions).getSubmissionsList())
                  .build();

          byte[] bytes = CommandCodec.encodeEntry(expected.getLeaderTimeMillis(), submissions);

          assertThat(parsed(bytes)).isEqualTo(expected);
          assertThat(CommandCodec.decodeEntry(1, 1, ByteBuffer.wrap(expected.toByteArray())))
              .isEqualTo(new Entry(1, 1, expected.getLeaderTimeMillis(), submissions));
        });
  }

  @Test
  void submissionsBetweenNodesAreReadBackAsTheyWereWritten() {
    RandomCommands.forEachSeed(
        200,
        random -> {
          List<Submission> submissions = submissions(random);

          assertThat(CommandCodec.fromProto(CommandCodec.toProto(submissions).getSubmissionsList()))
              .isEqualTo(submissions);
        });
  }

  @Test
  void outcomesAreReadBackAsTheyWereWritten() {
    RandomCommands.forEachSeed(
        200,
        random -> {
          List<Outcome> outcomes = new ArrayList<>();
          for (int left = random.nextInt(5); left > 0; left--) {
            outcomes.add(outcome(random));
          }

          assertThat(CommandCodec.outcomesFromProto(CommandCodec.outcomesToProto(outcomes)))
              .isEqualTo(outcomes);
        });
  }

  @Test
  void theSameSubmissionsGiveTheSameBytes() {
    Map<String, String> headers = new TreeMap<>();
    for (int i = 0; i < 20; i++) {
      headers.put("header-" + i, "value");
    }
    NewMessage message = new NewMessage(new Subject("orders"), ByteString.EMPTY, 0, headers, null);
    List<Submission> submissions = List.of(new Submission(1, 1, new AppendBatch(List.of(message))));

    assertThat(CommandCodec.encodeEntry(7, submissions))
        .isEqualTo(CommandCodec.encodeEntry(7, submissions));
  }

  @Test
  void aSubmissionWithoutACommandIsOfANewerVersionAndRefused() {
    byte[] bytes =
        LogEntry.newBuilder()
            .addSubmissions(LogSubmission.newBuilder().setOrigin(5).setSequence(1))
            .build()
            .toByteArray();

    assertThatThrownBy(() -> CommandCodec.decodeEntry(1, 1, ByteBuffer.wrap(bytes)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("newer version")
        .hasMessageContaining("upgrade");
  }

  @Test
  void bytesThatAreNoEntryAreRefusedWithTheirPlaceInTheLog() {
    byte[] whole = CommandCodec.encodeEntry(7, List.of(new Submission(1, 1, new Expire(100))));
    ByteBuffer torn = ByteBuffer.wrap(whole, 0, whole.length - 1);

    assertThatThrownBy(() -> CommandCodec.decodeEntry(1, 42, torn))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("log entry 42");
  }

  @Test
  void aCommandNeverTakesMoreBytesThanItsWeight() {
    RandomCommands.forEachSeed(
        1_000,
        random -> {
          Command command = new RandomCommands(random).anyCommand();
          int inEntry =
              CommandCodec.encodeEntry(
                      Long.MAX_VALUE, List.of(new Submission(-1, Long.MAX_VALUE, command)))
                  .length;

          assertThat(command.weight()).as("%s", command).isGreaterThanOrEqualTo(inEntry);
        });
  }

  private static List<Submission> submissions(Random random) {
    RandomCommands commands = new RandomCommands(random);
    List<Submission> submissions = new ArrayList<>();
    for (int left = random.nextInt(6); left > 0; left--) {
      long origin = random.nextInt(4) == 0 ? Submission.NO_ORIGIN : random.nextLong();
      long sequence = random.nextInt(4) == 0 ? 0 : random.nextLong() >>> 1;
      submissions.add(new Submission(origin, sequence, commands.anyCommand()));
    }
    return submissions;
  }

  private static Outcome outcome(Random random) {
    if (random.nextInt(5) == 0) {
      return Outcome.OUT_OF_ORDER;
    }
    long[] ids = random.longs(random.nextInt(20), 1, Long.MAX_VALUE).toArray();
    return new Outcome(ids, random.ints(0, ids.length + 1).limit(3).distinct().sorted().toArray());
  }

  /** On the heap with an offset, off the heap, or read-only: Ratis gives any of them. */
  private static ByteBuffer inSomeBuffer(byte[] bytes, Random random) {
    ByteBuffer buffer =
        random.nextBoolean()
            ? ByteBuffer.allocateDirect(bytes.length + 7)
            : ByteBuffer.allocate(bytes.length + 7);
    buffer.position(3).put(bytes).flip().position(3);
    return random.nextBoolean() ? buffer.asReadOnlyBuffer() : buffer;
  }

  private static LogEntry parsed(byte[] bytes) {
    try {
      return LogEntry.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("not a LogEntry", e);
    }
  }
}
