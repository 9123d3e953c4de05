package org.raftbroker.server.peer;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.message.Subject;
import org.raftbroker.proto.peer.Answer;
import org.raftbroker.proto.peer.BoundsQuestion;
import org.raftbroker.proto.peer.FetchQuestion;
import org.raftbroker.proto.peer.ListQuestion;
import org.raftbroker.proto.peer.Question;
import org.raftbroker.proto.peer.ReadQuestion;
import org.raftbroker.proto.peer.TimeQuestion;
import org.raftbroker.raft.ReplicaReads;

/**
 * Answers other nodes' questions from this node's own replicas. What a replica refuses is an
 * answer; the future fails only for a defect. Any thread; nothing blocks.
 */
final class ReplicaAnswers {
  /** Whatever the asker wants: what one answer may have in memory here. */
  private static final int MAX_READ_BYTES = 8 << 20;

  private static final int MAX_SUBJECTS = 1000;

  private final List<? extends ReplicaReads> replicas;

  /**
   * @param replicas by shard; one that is not there refuses
   */
  ReplicaAnswers(List<? extends ReplicaReads> replicas) {
    this.replicas = List.copyOf(replicas);
  }

  CompletableFuture<Answer> answer(Question question) {
    CompletableFuture<Answer> answer;
    try {
      answer = ask(replica(question.getShard()), question);
    } catch (BrokerException refusal) {
      answer = CompletableFuture.failedFuture(refusal);
    }
    return answer.exceptionallyCompose(
        failure -> {
          Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
          return cause instanceof BrokerException refusal
              ? CompletableFuture.completedFuture(ReplicaFormat.refusal(refusal))
              : CompletableFuture.failedFuture(failure);
        });
  }

  private ReplicaReads replica(int shard) {
    if (shard < 0 || shard >= replicas.size()) {
      throw new BrokerException(
          Reason.SHARD_INVALID,
          "shard is " + shard + "; this cluster has 0 to " + (replicas.size() - 1));
    }
    return replicas.get(shard);
  }

  private static CompletableFuture<Answer> ask(ReplicaReads replica, Question question) {
    return switch (question.getQuestionCase()) {
      case FETCH -> {
        FetchQuestion fetch = question.getFetch();
        yield replica
            .fetch(new Subject(fetch.getSubject()), fetch.getId())
            .thenApply(ReplicaFormat::message);
      }
      case READ -> {
        ReadQuestion read = question.getRead();
        yield replica
            .read(
                new Subject(read.getSubject()),
                read.getFromId(),
                Math.min(read.getMaxBytes(), MAX_READ_BYTES),
                read.getKnownHead())
            .thenApply(ReplicaFormat::run);
      }
      case BOUNDS -> {
        BoundsQuestion bounds = question.getBounds();
        yield replica
            .bounds(new Subject(bounds.getSubject()), bounds.getUpToDate())
            .thenApply(ReplicaFormat::bounds);
      }
      case FIRST_ID_AT_OR_AFTER -> {
        TimeQuestion time = question.getFirstIdAtOrAfter();
        yield replica
            .firstIdAtOrAfter(new Subject(time.getSubject()), time.getTimeMillis())
            .thenApply(ReplicaFormat::id);
      }
      case DESCRIBE ->
          replica.describe(new Subject(question.getDescribe())).thenApply(ReplicaFormat::known);
      case SUBJECTS -> {
        ListQuestion list = question.getSubjects();
        yield replica
            .subjects(
                list.getPrefix(), list.getAfterName(), Math.min(list.getLimit(), MAX_SUBJECTS))
            .thenApply(ReplicaFormat::subjects);
      }
      case SETTINGS ->
          replica
              .readSettings(new Subject(question.getSettings()))
              .thenApply(ReplicaFormat::settings);
      case ARCHIVE -> replica.readArchiveState().thenApply(ReplicaFormat::archive);
      case BARRIER -> replica.readBarrier().thenApply(done -> Answer.getDefaultInstance());
      case QUESTION_NOT_SET ->
          CompletableFuture.failedFuture(
              new BrokerException(
                  Reason.MALFORMED_REQUEST, "the question is one that this node does not know"));
    };
  }
}
