package org.raftbroker.server.peer;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.proto.peer.Answer;
import org.raftbroker.proto.peer.ArchiveAnswer;
import org.raftbroker.proto.peer.BoundsAnswer;
import org.raftbroker.proto.peer.PeerSettings;
import org.raftbroker.proto.peer.PeerSubject;
import org.raftbroker.proto.peer.RefusalAnswer;
import org.raftbroker.proto.peer.RunAnswer;
import org.raftbroker.proto.peer.SubjectsAnswer;
import org.raftbroker.raft.DescribedSubject;
import org.raftbroker.raft.MessageRun;
import org.raftbroker.raft.SubjectBounds;
import org.raftbroker.storage.ArchiveState;
import org.raftbroker.storage.Incarnation;
import org.raftbroker.storage.SubjectState;

/** What replicas answer, as nodes send it to each other. Messages are sent as they are stored. */
final class ReplicaFormat {
  private ReplicaFormat() {}

  static Answer refusal(BrokerException refusal) {
    return Answer.newBuilder()
        .setRefusal(
            RefusalAnswer.newBuilder()
                .setReason(refusal.reason().name())
                .setText(refusal.getMessage()))
        .build();
  }

  /** A reason that only a newer node knows counts as no answer. */
  static RuntimeException refusal(RefusalAnswer refusal) {
    for (Reason reason : Reason.values()) {
      if (reason.name().equals(refusal.getReason())) {
        return new BrokerException(reason, refusal.getText());
      }
    }
    return new PeerException("a peer refused: " + refusal.getReason() + " " + refusal.getText());
  }

  static Answer message(StoredMessage message) {
    return Answer.newBuilder().setMessage(frame(message)).build();
  }

  static Answer run(MessageRun run) {
    return Answer.newBuilder()
        .setRun(
            RunAnswer.newBuilder()
                .addAllMessages(run.messages().stream().map(ReplicaFormat::frame).toList())
                .setCompleteTo(run.completeTo()))
        .build();
  }

  static MessageRun run(Subject subject, RunAnswer run) {
    return new MessageRun(messages(subject, run.getMessagesList()), run.getCompleteTo());
  }

  /** Shared, not copied: nobody writes to a frame. */
  static ByteString frame(StoredMessage message) {
    return UnsafeByteOperations.unsafeWrap(message.frame());
  }

  static List<StoredMessage> messages(Subject subject, List<ByteString> frames) {
    List<StoredMessage> messages = new ArrayList<>(frames.size());
    for (ByteString frame : frames) {
      messages.add(message(subject, frame));
    }
    return messages;
  }

  /** Copied, so that a message that stays in memory does not keep all that came with it. */
  static StoredMessage message(Subject subject, ByteString frame) {
    return StoredMessage.ofFrame(subject, frame.toByteArray());
  }

  static Answer bounds(SubjectBounds bounds) {
    return Answer.newBuilder()
        .setBounds(BoundsAnswer.newBuilder().setFirstId(bounds.firstId()).setHead(bounds.head()))
        .build();
  }

  static SubjectBounds bounds(BoundsAnswer bounds) {
    return new SubjectBounds(bounds.getFirstId(), bounds.getHead());
  }

  static Answer id(long id) {
    return Answer.newBuilder().setId(id).build();
  }

  static Answer subjects(List<DescribedSubject> subjects) {
    SubjectsAnswer.Builder answer = SubjectsAnswer.newBuilder();
    subjects.forEach(subject -> answer.addSubjects(subject(subject)));
    return Answer.newBuilder().setSubjects(answer).build();
  }

  static Answer known(@Nullable DescribedSubject subject) {
    return subjects(subject == null ? List.of() : List.of(subject));
  }

  static List<DescribedSubject> subjects(SubjectsAnswer answer) {
    return answer.getSubjectsList().stream().map(ReplicaFormat::subject).toList();
  }

  private static PeerSubject subject(DescribedSubject described) {
    SubjectState state = described.state();
    return PeerSubject.newBuilder()
        .setSubject(described.subject().name())
        .setNumber(state.number())
        .setCreatedAtMillis(state.createdAtMillis())
        .setHeadId(state.head().id())
        .setHeadMessageId(state.head().messageId())
        .setHeadChecksum(state.head().checksum())
        .setHeadReservedFrom(state.head().reservedFrom())
        .setStoredMessages(state.stored().messages())
        .setStoredBytes(state.stored().bytes())
        .setArchivedId(state.archived().id())
        .setArchivedMessages(state.archived().messages())
        .setArchivedBytes(state.archived().bytes())
        .setFirstId(state.kept().firstId())
        .setKeptMessages(state.kept().messages())
        .setRemovedId(state.kept().removedId())
        .setPublishedBytes(state.kept().publishedBytes())
        .setSettings(toProto(described.settings()))
        .build();
  }

  private static DescribedSubject subject(PeerSubject proto) {
    return new DescribedSubject(
        new Subject(proto.getSubject()),
        new SubjectState(
            proto.getNumber(),
            proto.getCreatedAtMillis(),
            new SubjectState.Head(
                proto.getHeadId(),
                proto.getHeadMessageId(),
                proto.getHeadChecksum(),
                proto.getHeadReservedFrom()),
            new SubjectState.Stored(proto.getStoredMessages(), proto.getStoredBytes()),
            new SubjectState.Archived(
                proto.getArchivedId(), proto.getArchivedMessages(), proto.getArchivedBytes()),
            new SubjectState.Kept(
                proto.getFirstId(),
                proto.getKeptMessages(),
                proto.getRemovedId(),
                proto.getPublishedBytes())),
        settings(proto.getSettings()));
  }

  static Answer settings(SubjectSettings settings) {
    return Answer.newBuilder().setSettings(toProto(settings)).build();
  }

  private static PeerSettings toProto(SubjectSettings settings) {
    return PeerSettings.newBuilder()
        .setDefaultExpirationSeconds(settings.defaultExpirationSeconds())
        .setMaxBodyBytes(settings.maxBodyBytes())
        .setMaxMessages(settings.maxMessages())
        .setMaxAgeSeconds(settings.maxAgeSeconds())
        .setMaxBytes(settings.maxBytes())
        .build();
  }

  static SubjectSettings settings(PeerSettings proto) {
    return new SubjectSettings(
        proto.getDefaultExpirationSeconds(),
        proto.getMaxBodyBytes(),
        proto.getMaxMessages(),
        proto.getMaxAgeSeconds(),
        proto.getMaxBytes());
  }

  static Answer archive(ArchiveState state) {
    return Answer.newBuilder()
        .setArchive(
            ArchiveAnswer.newBuilder()
                .setOpen(state.open())
                .setArchivedIndex(state.archivedIndex())
                .setBacklogMessages(state.backlogMessages())
                .setBacklogIds(state.backlogIds())
                .setBacklogBytes(state.backlogBytes()))
        .build();
  }

  /** Without the incarnation, which is of no interest to those who only read. */
  static ArchiveState archive(ArchiveAnswer proto) {
    return new ArchiveState(
        Incarnation.NONE,
        proto.getOpen(),
        proto.getArchivedIndex(),
        proto.getBacklogMessages(),
        proto.getBacklogIds(),
        proto.getBacklogBytes());
  }
}
