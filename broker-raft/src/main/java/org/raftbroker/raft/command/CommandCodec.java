package org.raftbroker.raft.command;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Message;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.NewMessage.Idempotency;
import org.raftbroker.message.SettingsChange;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.proto.log.LogAdoptSubjects;
import org.raftbroker.proto.log.LogAdoptedSubject;
import org.raftbroker.proto.log.LogAppendBatch;
import org.raftbroker.proto.log.LogCreateSubject;
import org.raftbroker.proto.log.LogDeleteSubject;
import org.raftbroker.proto.log.LogEntry;
import org.raftbroker.proto.log.LogExpire;
import org.raftbroker.proto.log.LogIdRun;
import org.raftbroker.proto.log.LogMarkArchived;
import org.raftbroker.proto.log.LogMarkRemoved;
import org.raftbroker.proto.log.LogMessage;
import org.raftbroker.proto.log.LogOpenArchive;
import org.raftbroker.proto.log.LogOutcome;
import org.raftbroker.proto.log.LogOutcomes;
import org.raftbroker.proto.log.LogPurgeSubject;
import org.raftbroker.proto.log.LogReplaceClusterMap;
import org.raftbroker.proto.log.LogReserveIds;
import org.raftbroker.proto.log.LogSettings;
import org.raftbroker.proto.log.LogSubmission;
import org.raftbroker.proto.log.LogSubmissions;
import org.raftbroker.proto.log.LogUpdateSubject;
import org.raftbroker.raft.command.Command.AdoptSubjects;
import org.raftbroker.raft.command.Command.AdoptedSubject;
import org.raftbroker.raft.command.Command.AppendBatch;
import org.raftbroker.raft.command.Command.CreateSubject;
import org.raftbroker.raft.command.Command.DeleteSubject;
import org.raftbroker.raft.command.Command.Expire;
import org.raftbroker.raft.command.Command.MarkArchived;
import org.raftbroker.raft.command.Command.MarkRemoved;
import org.raftbroker.raft.command.Command.OpenArchive;
import org.raftbroker.raft.command.Command.PurgeSubject;
import org.raftbroker.raft.command.Command.ReplaceClusterMap;
import org.raftbroker.raft.command.Command.ReserveIds;
import org.raftbroker.raft.command.Command.UpdateSubject;
import org.raftbroker.storage.Catalog.ArchivedSubject;
import org.raftbroker.storage.Changes.ReservedRun;
import org.raftbroker.storage.Incarnation;
import org.raftbroker.storage.Outcome;

/**
 * The only reader and writer of {@code log.proto}. What a newer version wrote and this one does not
 * know is refused, never skipped: a replica that skips what others obey is not a replica.
 */
public final class CommandCodec {
  private CommandCodec() {}

  /** The bytes of a log entry; its term and index are the log's to know. */
  public static byte[] encodeEntry(long leaderTimeMillis, List<Submission> submissions) {
    LogEntry.Builder entry = LogEntry.newBuilder().setLeaderTimeMillis(leaderTimeMillis);
    for (Submission submission : submissions) {
      entry.addSubmissions(toProto(submission));
    }
    return entry.build().toByteArray();
  }

  /**
   * Bodies may share memory with {@code bytes}, which nobody may change from now on.
   *
   * @throws IllegalStateException if these are not the bytes of an entry, or of a newer version's
   */
  public static Entry decodeEntry(long term, long logIndex, ByteBuffer bytes) {
    try {
      CodedInputStream in = CodedInputStream.newInstance(bytes);
      in.enableAliasing(true);
      LogEntry entry = LogEntry.parseFrom(in);
      checkAllKnown(entry);
      return new Entry(
          term, logIndex, entry.getLeaderTimeMillis(), fromProto(entry.getSubmissionsList()));
    } catch (IOException | RuntimeException e) {
      throw new IllegalStateException(
          "log entry " + logIndex + " cannot be decoded: " + e.getMessage(), e);
    }
  }

  public static LogSubmissions toProto(List<Submission> submissions) {
    LogSubmissions.Builder all = LogSubmissions.newBuilder();
    for (Submission submission : submissions) {
      all.addSubmissions(toProto(submission));
    }
    return all.build();
  }

  /**
   * Reads submissions back.
   *
   * @throws IllegalStateException if they are of a newer version
   */
  public static List<Submission> fromProto(List<LogSubmission> submissions) {
    List<Submission> all = new ArrayList<>(submissions.size());
    Map<String, Subject> subjects = new HashMap<>();
    for (LogSubmission submission : submissions) {
      checkAllKnown(submission);
      all.add(
          new Submission(
              submission.getOrigin(), submission.getSequence(), command(submission, subjects)));
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
    if (command instanceof AdoptSubjects adopt) {
      return proto.setAdoptSubjects(toProto(adopt)).build();
    }
    if (command instanceof OpenArchive open) {
      return proto
          .setOpenArchive(LogOpenArchive.newBuilder().setIncarnation(open.incarnation()))
          .build();
    }
    if (command instanceof CreateSubject create) {
      return proto
          .setCreateSubject(
              LogCreateSubject.newBuilder()
                  .setSubject(create.subject().name())
                  .setSettings(toProto(create.settings())))
          .build();
    }
    if (command instanceof UpdateSubject update) {
      return proto
          .setUpdateSubject(
              LogUpdateSubject.newBuilder()
                  .setSubject(update.subject().name())
                  .setSettings(toProto(update.settings())))
          .build();
    }
    if (command instanceof PurgeSubject purge) {
      return proto
          .setPurgeSubject(
              LogPurgeSubject.newBuilder()
                  .setSubject(purge.subject().name())
                  .setUpToId(purge.upToId()))
          .build();
    }
    if (command instanceof DeleteSubject delete) {
      return proto
          .setDeleteSubject(LogDeleteSubject.newBuilder().setSubject(delete.subject().name()))
          .build();
    }
    if (command instanceof MarkRemoved mark) {
      return proto
          .setMarkRemoved(
              LogMarkRemoved.newBuilder()
                  .setSubject(mark.subject().name())
                  .setUpToId(mark.upToId()))
          .build();
    }
    if (command instanceof MarkArchived mark) {
      return proto
          .setMarkArchived(LogMarkArchived.newBuilder().setUpToIndex(mark.upToIndex()))
          .build();
    }
    if (command instanceof ReplaceClusterMap replace) {
      return proto
          .setReplaceClusterMap(
              LogReplaceClusterMap.newBuilder()
                  .setBasedOnVersion(replace.basedOnVersion())
                  .setMap(replace.map()))
          .build();
    }
    throw new IllegalStateException("no encoding for " + command.getClass().getName());
  }

  /**
   * @param subjects the subjects of the entry so far, by name: messages of one subject share it
   */
  private static Command command(LogSubmission proto, Map<String, Subject> subjects) {
    return switch (proto.getCommandCase()) {
      case APPEND_BATCH -> appendBatch(proto.getAppendBatch(), subjects);
      case RESERVE_IDS -> {
        LogReserveIds reserve = proto.getReserveIds();
        checkAllKnown(reserve);
        yield new ReserveIds(subject(reserve.getSubject(), subjects), reserve.getCount());
      }
      case EXPIRE -> {
        checkAllKnown(proto.getExpire());
        yield new Expire(proto.getExpire().getMaxRows());
      }
      case ADOPT_SUBJECTS -> adoptSubjects(proto.getAdoptSubjects(), subjects);
      case OPEN_ARCHIVE -> {
        checkAllKnown(proto.getOpenArchive());
        yield new OpenArchive(proto.getOpenArchive().getIncarnation());
      }
      case MARK_ARCHIVED -> {
        checkAllKnown(proto.getMarkArchived());
        yield new MarkArchived(proto.getMarkArchived().getUpToIndex());
      }
      case CREATE_SUBJECT -> {
        LogCreateSubject create = proto.getCreateSubject();
        checkAllKnown(create);
        yield new CreateSubject(
            subject(create.getSubject(), subjects), settings(create.getSettings()));
      }
      case UPDATE_SUBJECT -> {
        LogUpdateSubject update = proto.getUpdateSubject();
        checkAllKnown(update);
        yield new UpdateSubject(
            subject(update.getSubject(), subjects), settings(update.getSettings()));
      }
      case PURGE_SUBJECT -> {
        LogPurgeSubject purge = proto.getPurgeSubject();
        checkAllKnown(purge);
        yield new PurgeSubject(subject(purge.getSubject(), subjects), purge.getUpToId());
      }
      case DELETE_SUBJECT -> {
        checkAllKnown(proto.getDeleteSubject());
        yield new DeleteSubject(subject(proto.getDeleteSubject().getSubject(), subjects));
      }
      case MARK_REMOVED -> {
        LogMarkRemoved mark = proto.getMarkRemoved();
        checkAllKnown(mark);
        yield new MarkRemoved(subject(mark.getSubject(), subjects), mark.getUpToId());
      }
      case REPLACE_CLUSTER_MAP -> {
        LogReplaceClusterMap replace = proto.getReplaceClusterMap();
        checkAllKnown(replace);
        yield new ReplaceClusterMap(replace.getBasedOnVersion(), replace.getMap());
      }
      case COMMAND_NOT_SET -> throw ofNewerVersion();
    };
  }

  private static AppendBatch appendBatch(LogAppendBatch proto, Map<String, Subject> subjects) {
    checkAllKnown(proto);
    List<NewMessage> messages = new ArrayList<>(proto.getMessagesCount());
    for (LogMessage message : proto.getMessagesList()) {
      messages.add(message(message, subjects));
    }
    return new AppendBatch(messages);
  }

  private static LogAdoptSubjects toProto(AdoptSubjects adopt) {
    LogAdoptSubjects.Builder proto =
        LogAdoptSubjects.newBuilder()
            .setIncarnation(adopt.incarnation().number())
            .setLogId(adopt.incarnation().logId());
    for (AdoptedSubject adopted : adopt.subjects()) {
      ArchivedSubject known = adopted.known();
      LogAdoptedSubject.Builder subject =
          LogAdoptedSubject.newBuilder()
              .setSubject(known.subject().name())
              .setLastId(known.lastId())
              .setArchivedId(known.archivedId())
              .setArchivedMessageId(known.archivedMessageId())
              .setArchivedChecksum(known.archivedChecksum())
              .setMessages(known.messages())
              .setBytes(known.bytes())
              .setFirstId(known.firstId())
              .setCreatedAtMillis(known.createdAtMillis())
              .setSettings(toProto(known.settings()));
      for (ReservedRun run : adopted.reserved()) {
        subject.addReserved(LogIdRun.newBuilder().setFromId(run.fromId()).setToId(run.toId()));
      }
      proto.addSubjects(subject);
    }
    return proto.build();
  }

  private static AdoptSubjects adoptSubjects(
      LogAdoptSubjects proto, Map<String, Subject> subjects) {
    checkAllKnown(proto);
    List<AdoptedSubject> adopted = new ArrayList<>(proto.getSubjectsCount());
    for (LogAdoptedSubject subject : proto.getSubjectsList()) {
      checkAllKnown(subject);
      Subject name = subject(subject.getSubject(), subjects);
      adopted.add(
          new AdoptedSubject(
              new ArchivedSubject(
                  name,
                  subject.getLastId(),
                  subject.getArchivedId(),
                  subject.getArchivedMessageId(),
                  subject.getArchivedChecksum(),
                  subject.getMessages(),
                  subject.getBytes(),
                  Math.max(1, subject.getFirstId()), // absent in the logs of older versions
                  subject.getCreatedAtMillis(),
                  settings(subject.getSettings()).appliedTo(SubjectSettings.DEFAULT)),
              subject.getReservedList().stream()
                  .map(run -> new ReservedRun(name, run.getFromId(), run.getToId()))
                  .toList()));
    }
    return new AdoptSubjects(new Incarnation(proto.getIncarnation(), proto.getLogId()), adopted);
  }

  private static LogSettings toProto(SubjectSettings settings) {
    return LogSettings.newBuilder()
        .setDefaultExpirationSeconds(settings.defaultExpirationSeconds())
        .setMaxBodyBytes(settings.maxBodyBytes())
        .setMaxMessages(settings.maxMessages())
        .setMaxAgeSeconds(settings.maxAgeSeconds())
        .setMaxBytes(settings.maxBytes())
        .build();
  }

  private static LogSettings toProto(SettingsChange change) {
    LogSettings.Builder proto = LogSettings.newBuilder();
    ifGiven(change.defaultExpirationSeconds(), proto::setDefaultExpirationSeconds);
    ifGiven(change.maxBodyBytes(), proto::setMaxBodyBytes);
    ifGiven(change.maxMessages(), proto::setMaxMessages);
    ifGiven(change.maxAgeSeconds(), proto::setMaxAgeSeconds);
    ifGiven(change.maxBytes(), proto::setMaxBytes);
    return proto.build();
  }

  private static <T> void ifGiven(@Nullable T value, Consumer<T> then) {
    if (value != null) {
      then.accept(value);
    }
  }

  private static SettingsChange settings(LogSettings proto) {
    checkAllKnown(proto);
    return new SettingsChange(
        proto.hasDefaultExpirationSeconds() ? proto.getDefaultExpirationSeconds() : null,
        proto.hasMaxBodyBytes() ? proto.getMaxBodyBytes() : null,
        proto.hasMaxMessages() ? proto.getMaxMessages() : null,
        proto.hasMaxAgeSeconds() ? proto.getMaxAgeSeconds() : null,
        proto.hasMaxBytes() ? proto.getMaxBytes() : null);
  }

  private static Subject subject(String name, Map<String, Subject> subjects) {
    return subjects.computeIfAbsent(name, Subject::accepted);
  }

  private static void checkAllKnown(Message proto) {
    if (!proto.getUnknownFields().isEmpty()) {
      throw ofNewerVersion();
    }
  }

  private static IllegalStateException ofNewerVersion() {
    return new IllegalStateException(
        "it is of a newer version of RaftBroker; upgrade this node to read it");
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

  private static NewMessage message(LogMessage proto, Map<String, Subject> subjects) {
    checkAllKnown(proto);
    String key = proto.getIdempotencyKey();
    return new NewMessage(
        subject(proto.getSubject(), subjects),
        proto.getBody(),
        proto.getExpirationSeconds(),
        proto.getHeadersCount() == 0 ? Map.of() : proto.getHeadersMap(),
        key.isEmpty() ? null : new Idempotency(key, proto.getIdempotencySeconds()));
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
    checkAllKnown(proto);
    return switch (proto.getKind()) {
      case APPLIED -> applied(proto);
      case OUT_OF_ORDER -> Outcome.OUT_OF_ORDER;
      case UNRECOGNIZED -> throw ofNewerVersion();
    };
  }

  private static Outcome applied(LogOutcome proto) {
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
