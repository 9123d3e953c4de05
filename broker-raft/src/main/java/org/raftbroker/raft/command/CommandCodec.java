package org.raftbroker.raft.command;

import com.google.protobuf.CodedInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.NewMessage.Idempotency;
import org.raftbroker.message.Subject;
import org.raftbroker.proto.log.LogAppendBatch;
import org.raftbroker.proto.log.LogEntry;
import org.raftbroker.proto.log.LogExpire;
import org.raftbroker.proto.log.LogMessage;
import org.raftbroker.proto.log.LogOutcome;
import org.raftbroker.proto.log.LogOutcomes;
import org.raftbroker.proto.log.LogReserveIds;
import org.raftbroker.proto.log.LogSubmission;
import org.raftbroker.proto.log.LogSubmissions;
import org.raftbroker.raft.command.Command.AppendBatch;
import org.raftbroker.raft.command.Command.Expire;
import org.raftbroker.raft.command.Command.ReserveIds;
import org.raftbroker.storage.Outcome;

/** The only reader and writer of {@code log.proto}. */
public final class CommandCodec {
  private CommandCodec() {}

  /** The bytes of a log entry; its term and index are the log's to know. */
  public static byte[] encodeEntry(long leaderTimeMillis, List<Submission> submissions) {
    return LogEntry.newBuilder()
        .setLeaderTimeMillis(leaderTimeMillis)
        .addAllSubmissions(toProto(submissions).getSubmissionsList())
        .build()
        .toByteArray();
  }

  /**
   * Bodies share memory with {@code bytes}.
   *
   * @throws IllegalStateException if these are not the bytes of an entry
   */
  public static Entry decodeEntry(long term, long logIndex, ByteBuffer bytes) {
    try {
      CodedInputStream in = CodedInputStream.newInstance(bytes);
      in.enableAliasing(true);
      LogEntry entry = LogEntry.parseFrom(in);
      return new Entry(
          term, logIndex, entry.getLeaderTimeMillis(), fromProto(entry.getSubmissionsList()));
    } catch (IOException e) {
      throw new IllegalStateException("log entry " + logIndex + " cannot be decoded", e);
    }
  }

  public static LogSubmissions toProto(List<Submission> submissions) {
    LogSubmissions.Builder all = LogSubmissions.newBuilder();
    for (Submission submission : submissions) {
      all.addSubmissions(toProto(submission));
    }
    return all.build();
  }

  public static List<Submission> fromProto(List<LogSubmission> submissions) {
    List<Submission> all = new ArrayList<>(submissions.size());
    for (LogSubmission submission : submissions) {
      all.add(
          new Submission(submission.getOrigin(), submission.getSequence(), command(submission)));
    }
    return all;
  }

  public static LogOutcomes outcomesToProto(List<Outcome> outcomes) {
    LogOutcomes.Builder all = LogOutcomes.newBuilder();
    for (Outcome outcome : outcomes) {
      all.addOutcomes(toProto(outcome));
    }
    return all.build();
  }

  public static List<Outcome> outcomesFromProto(LogOutcomes outcomes) {
    return outcomes.getOutcomesList().stream().map(CommandCodec::outcome).toList();
  }

  private static LogSubmission toProto(Submission submission) {
    LogSubmission.Builder proto =
        LogSubmission.newBuilder()
            .setOrigin(submission.origin())
            .setSequence(submission.sequence());
    Command command = submission.command();
    if (command instanceof AppendBatch batch) {
      LogAppendBatch.Builder messages = LogAppendBatch.newBuilder();
      for (NewMessage message : batch.messages()) {
        messages.addMessages(toProto(message));
      }
      return proto.setAppendBatch(messages).build();
    }
    if (command instanceof ReserveIds reserve) {
      return proto
          .setReserveIds(
              LogReserveIds.newBuilder()
                  .setSubject(reserve.subject().name())
                  .setCount(reserve.count()))
          .build();
    }
    if (command instanceof Expire expire) {
      return proto.setExpire(LogExpire.newBuilder().setMaxRows(expire.maxRows())).build();
    }
    throw new IllegalStateException("no encoding for " + command.getClass().getName());
  }

  private static Command command(LogSubmission proto) {
    return switch (proto.getCommandCase()) {
      case APPEND_BATCH ->
          new AppendBatch(
              proto.getAppendBatch().getMessagesList().stream()
                  .map(CommandCodec::message)
                  .toList());
      case RESERVE_IDS ->
          new ReserveIds(
              new Subject(proto.getReserveIds().getSubject()), proto.getReserveIds().getCount());
      case EXPIRE -> new Expire(proto.getExpire().getMaxRows());
      case COMMAND_NOT_SET ->
          throw new IllegalStateException(
              "a submission of a newer version: this node must be upgraded");
    };
  }

  private static LogMessage toProto(NewMessage message) {
    LogMessage.Builder proto =
        LogMessage.newBuilder()
            .setSubject(message.subject().name())
            .setBody(message.body())
            .setExpirationSeconds(message.expirationSeconds());
    if (!message.headers().isEmpty()) {
      proto.putAllHeaders(message.headers());
    }
    Idempotency idempotency = message.idempotency();
    if (idempotency != null) {
      proto.setIdempotencyKey(idempotency.key()).setIdempotencySeconds(idempotency.windowSeconds());
    }
    return proto.build();
  }

  private static NewMessage message(LogMessage proto) {
    return new NewMessage(
        new Subject(proto.getSubject()),
        proto.getBody(),
        proto.getExpirationSeconds(),
        proto.getHeadersMap(),
        proto.getIdempotencyKey().isEmpty()
            ? null
            : new Idempotency(proto.getIdempotencyKey(), proto.getIdempotencySeconds()));
  }

  private static LogOutcome toProto(Outcome outcome) {
    LogOutcome.Builder proto = LogOutcome.newBuilder();
    if (!outcome.isApplied()) {
      return proto.setKind(LogOutcome.Kind.OUT_OF_ORDER).build();
    }
    long previous = 0;
    for (int i = 0; i < outcome.size(); i++) {
      proto.addIdDeltas(outcome.id(i) - previous);
      previous = outcome.id(i);
    }
    return proto.addAllKeyReused(outcome.keyReused()).build();
  }

  private static Outcome outcome(LogOutcome proto) {
    if (proto.getKind() == LogOutcome.Kind.OUT_OF_ORDER) {
      return Outcome.OUT_OF_ORDER;
    }
    long[] ids = new long[proto.getIdDeltasCount()];
    long previous = 0;
    for (int i = 0; i < ids.length; i++) {
      previous += proto.getIdDeltas(i);
      ids[i] = previous;
    }
    return new Outcome(
        ids, proto.getKeyReusedList().stream().mapToInt(Integer::intValue).toArray());
  }
}
