package org.raftbroker.server.peer;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.proto.peer.Answer;
import org.raftbroker.proto.peer.ArchiveQuestion;
import org.raftbroker.proto.peer.BarrierQuestion;
import org.raftbroker.proto.peer.BoundsQuestion;
import org.raftbroker.proto.peer.FetchQuestion;
import org.raftbroker.proto.peer.ListQuestion;
import org.raftbroker.proto.peer.Question;
import org.raftbroker.proto.peer.ReadQuestion;
import org.raftbroker.proto.peer.TimeQuestion;
import org.raftbroker.raft.DescribedSubject;
import org.raftbroker.raft.MessageRun;
import org.raftbroker.raft.ReplicaReads;
import org.raftbroker.raft.SubjectBounds;
import org.raftbroker.storage.ArchiveState;

/**
 * A peer's replica of a shard, as seen from here. Futures complete on the event loop of the
 * connection; one that the peer does not answer fails within {@code peers.readTimeout}.
 */
final class PeerReplica implements ReplicaReads {
  private final int shard;
  private final Function<Question, CompletableFuture<Answer>> peer;

  /**
   * @param peer takes a question to the peer and brings back what it answered
   */
  PeerReplica(int shard, Function<Question, CompletableFuture<Answer>> peer) {
    this.shard = shard;
    this.peer = peer;
  }

  @Override
  public CompletableFuture<StoredMessage> fetch(Subject subject, long id) {
    return ask(
        question().setFetch(FetchQuestion.newBuilder().setSubject(subject.name()).setId(id)),
        answer -> ReplicaFormat.message(subject, answer.getMessage()));
  }

  @Override
  public CompletableFuture<MessageRun> read(
      Subject subject, long fromId, int maxBytes, long knownHead) {
    return ask(
        question()
            .setRead(
                ReadQuestion.newBuilder()
                    .setSubject(subject.name())
                    .setFromId(fromId)
                    .setMaxBytes(maxBytes)
                    .setKnownHead(knownHead)),
        answer -> ReplicaFormat.run(subject, answer.getRun()));
  }

  @Override
  public CompletableFuture<SubjectBounds> bounds(Subject subject, boolean upToDate) {
    return ask(
        question()
            .setBounds(
                BoundsQuestion.newBuilder().setSubject(subject.name()).setUpToDate(upToDate)),
        answer -> ReplicaFormat.bounds(answer.getBounds()));
  }

  @Override
  public CompletableFuture<Long> firstIdAtOrAfter(Subject subject, long timeMillis) {
    return ask(
        question()
            .setFirstIdAtOrAfter(
                TimeQuestion.newBuilder().setSubject(subject.name()).setTimeMillis(timeMillis)),
        Answer::getId);
  }

  @Override
  public CompletableFuture<@Nullable DescribedSubject> describe(Subject subject) {
    return ask(
        question().setDescribe(subject.name()),
        answer -> {
          List<DescribedSubject> known = ReplicaFormat.subjects(answer.getSubjects());
          return known.isEmpty() ? null : known.get(0);
        });
  }

  @Override
  public CompletableFuture<List<DescribedSubject>> subjects(
      String prefix, String afterName, int limit) {
    return ask(
        question()
            .setSubjects(
                ListQuestion.newBuilder()
                    .setPrefix(prefix)
                    .setAfterName(afterName)
                    .setLimit(limit)),
        answer -> ReplicaFormat.subjects(answer.getSubjects()));
  }

  @Override
  public CompletableFuture<SubjectSettings> readSettings(Subject subject) {
    return ask(
        question().setSettings(subject.name()),
        answer -> ReplicaFormat.settings(answer.getSettings()));
  }

  @Override
  public CompletableFuture<ArchiveState> readArchiveState() {
    return ask(
        question().setArchive(ArchiveQuestion.getDefaultInstance()),
        answer -> ReplicaFormat.archive(answer.getArchive()));
  }

  @Override
  public CompletableFuture<Void> readBarrier() {
    return peer.apply(question().setBarrier(BarrierQuestion.getDefaultInstance()).build())
        .thenAccept(PeerReplica::refuse);
  }

  private Question.Builder question() {
    return Question.newBuilder().setShard(shard);
  }

  private <T extends @Nullable Object> CompletableFuture<T> ask(
      Question.Builder question, Function<Answer, T> value) {
    return peer.apply(question.build())
        .thenApply(
            answer -> {
              refuse(answer);
              if (answer.getAnswerCase() == Answer.AnswerCase.ANSWER_NOT_SET) {
                throw new PeerException("a peer answered something that this node does not know");
              }
              return value.apply(answer);
            });
  }

  private static void refuse(Answer answer) {
    if (answer.hasRefusal()) {
      throw ReplicaFormat.refusal(answer.getRefusal());
    }
  }
}
