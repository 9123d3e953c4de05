package org.raftbroker.server.grpc;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.message.SettingsChange;
import org.raftbroker.message.Subject;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.CreateSubjectRequest;
import org.raftbroker.proto.admin.DeleteSubjectRequest;
import org.raftbroker.proto.admin.DeleteSubjectResponse;
import org.raftbroker.proto.admin.DescribeSubjectRequest;
import org.raftbroker.proto.admin.ListSubjectsRequest;
import org.raftbroker.proto.admin.ListSubjectsResponse;
import org.raftbroker.proto.admin.PurgeSubjectRequest;
import org.raftbroker.proto.admin.PurgeSubjectResponse;
import org.raftbroker.proto.admin.SubjectDescription;
import org.raftbroker.proto.admin.UpdateSubjectRequest;
import org.raftbroker.raft.DescribedSubject;
import org.raftbroker.raft.Shard;
import org.raftbroker.raft.Shards;
import org.raftbroker.storage.SubjectState;

/**
 * What operators ask about subjects: changes go through the log, answers come from a replica of the
 * subject's shard. On event loops; never blocks.
 */
final class SubjectAdmin {
  static final int MAX_PAGE_SIZE = 1000;

  private static final int DEFAULT_PAGE_SIZE = 100;

  /** As the contract says: the order of names in UTF-8. Java's own differs past the first plane. */
  private static final Comparator<DescribedSubject> BY_NAME =
      (a, b) -> Arrays.compareUnsigned(a.subject().utf8(), b.subject().utf8());

  private final Shards shards;

  SubjectAdmin(Shards shards) {
    this.shards = shards;
  }

  ServiceBinding bindTo(ServiceBinding admin) {
    return admin
        .unary(
            AdminGrpc.getCreateSubjectMethod(),
            CreateSubjectRequest.getDefaultInstance(),
            this::create)
        .unary(
            AdminGrpc.getListSubjectsMethod(), ListSubjectsRequest.getDefaultInstance(), this::list)
        .unary(
            AdminGrpc.getDescribeSubjectMethod(),
            DescribeSubjectRequest.getDefaultInstance(),
            request -> describe(new Subject(request.getSubject())))
        .unary(
            AdminGrpc.getUpdateSubjectMethod(),
            UpdateSubjectRequest.getDefaultInstance(),
            this::update)
        .unary(
            AdminGrpc.getPurgeSubjectMethod(),
            PurgeSubjectRequest.getDefaultInstance(),
            this::purge)
        .unary(
            AdminGrpc.getDeleteSubjectMethod(),
            DeleteSubjectRequest.getDefaultInstance(),
            this::delete);
  }

  private CompletableFuture<SubjectDescription> create(CreateSubjectRequest request) {
    Subject subject = new Subject(request.getSubject());
    SettingsChange settings = SettingsFormat.change(request.getSettings());
    return done(
            shards.of(subject).create(subject, settings),
            new BrokerException(
                Reason.SUBJECT_EXISTS,
                "subject \"" + subject + "\" exists already; update it to change its settings"))
        .thenCompose(nextId -> describe(subject));
  }

  private CompletableFuture<SubjectDescription> update(UpdateSubjectRequest request) {
    Subject subject = new Subject(request.getSubject());
    SettingsChange settings = SettingsFormat.change(request.getSettings());
    if (settings.equals(SettingsChange.NONE)) {
      throw new BrokerException(
          Reason.SETTING_INVALID,
          "settings names nothing to change; set at least one of its fields");
    }
    return done(shards.of(subject).update(subject, settings), notFound(subject))
        .thenCompose(nextId -> describe(subject));
  }

  private CompletableFuture<PurgeSubjectResponse> purge(PurgeSubjectRequest request) {
    Subject subject = new Subject(request.getSubject());
    long upToId = request.getUpToId();
    if (upToId < 0) {
      throw new BrokerException(
          Reason.ID_INVALID,
          "up_to_id is " + upToId + "; give the last id to remove, or 0 for all messages",
          Map.of(ErrorStatus.FIELD, "up_to_id"));
    }
    return done(
            shards.of(subject).purge(subject, upToId == 0 ? Long.MAX_VALUE : upToId),
            notFound(subject))
        .thenApply(firstId -> PurgeSubjectResponse.newBuilder().setFirstId(firstId).build());
  }

  private CompletableFuture<DeleteSubjectResponse> delete(DeleteSubjectRequest request) {
    Subject subject = new Subject(request.getSubject());
    return done(shards.of(subject).delete(subject), notFound(subject))
        .thenApply(nextId -> DeleteSubjectResponse.newBuilder().setNextId(nextId).build());
  }

  /**
   * @param refusal if the change was applied and could do nothing
   */
  private static CompletableFuture<Long> done(
      CompletableFuture<Long> change, BrokerException refusal) {
    return change.thenCompose(
        id ->
            id == 0
                ? CompletableFuture.failedFuture(refusal)
                : CompletableFuture.completedFuture(id));
  }

  private CompletableFuture<SubjectDescription> describe(Subject subject) {
    Shard shard = shards.of(subject);
    return shard
        .describe(subject)
        .thenApply(
            known -> {
              if (known == null || known.state().isDeleted()) {
                throw notFound(subject);
              }
              return description(shard, known);
            });
  }

  private CompletableFuture<ListSubjectsResponse> list(ListSubjectsRequest request) {
    int pageSize = pageSize(request.getPageSize());
    String after = nameIn(request.getPageToken());
    List<CompletableFuture<List<DescribedSubject>>> parts = new ArrayList<>();
    for (Shard shard : shards.all()) {
      parts.add(shard.subjects(request.getPrefix(), after, pageSize));
    }
    return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
        .thenApply(
            done -> page(parts.stream().flatMap(part -> part.join().stream()).toList(), pageSize));
  }

  private ListSubjectsResponse page(List<DescribedSubject> found, int pageSize) {
    List<DescribedSubject> page = found.stream().sorted(BY_NAME).limit(pageSize).toList();
    ListSubjectsResponse.Builder answer = ListSubjectsResponse.newBuilder();
    for (DescribedSubject known : page) {
      if (!known.state().isDeleted()) {
        answer.addSubjects(description(shards.of(known.subject()), known));
      }
    }
    if (page.size() == pageSize) {
      answer.setNextPageToken(token(page.get(pageSize - 1).subject()));
    }
    return answer.build();
  }

  private static int pageSize(int wanted) {
    if (wanted < 0 || wanted > MAX_PAGE_SIZE) {
      throw new BrokerException(
          Reason.PAGE_INVALID,
          "page_size is " + wanted + "; ask for 1 to " + MAX_PAGE_SIZE + " (0 means 100)",
          Map.of(ErrorStatus.FIELD, "page_size"));
    }
    return wanted == 0 ? DEFAULT_PAGE_SIZE : wanted;
  }

  private static String token(Subject last) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(last.utf8());
  }

  private static String nameIn(String token) {
    try {
      return new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new BrokerException(
          Reason.PAGE_INVALID,
          "page_token was not given out by this method; give next_page_token as it came, or nothing",
          Map.of(ErrorStatus.FIELD, "page_token"));
    }
  }

  private static SubjectDescription description(Shard shard, DescribedSubject known) {
    SubjectState state = known.state();
    return SubjectDescription.newBuilder()
        .setSubject(known.subject().name())
        .setShard(shard.number())
        .setLastId(state.lastId())
        .setFirstId(state.firstId())
        .setMessages(state.kept().messages())
        .setStoredMessages(state.stored().messages())
        .setStoredBytes(state.stored().bytes())
        .setArchivedId(state.archivedId())
        .setArchivedMessages(state.archived().messages())
        .setArchivedBytes(state.archived().bytes())
        .setCreatedAtMillis(state.createdAtMillis())
        .setSettings(SettingsFormat.toProto(known.settings()))
        .build();
  }

  private static BrokerException notFound(Subject subject) {
    return new BrokerException(
        Reason.SUBJECT_NOT_FOUND,
        "subject \""
            + subject
            + "\" does not exist: nothing was published on it, and nobody"
            + " created it");
  }
}
