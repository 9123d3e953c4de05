package org.raftbroker.cli;

import io.grpc.Status;
import java.util.Collection;
import java.util.List;
import org.raftbroker.cli.MemoryStore.Log;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.admin.CreateSubjectRequest;
import org.raftbroker.proto.admin.DeleteSubjectResponse;
import org.raftbroker.proto.admin.ListSubjectsRequest;
import org.raftbroker.proto.admin.ListSubjectsResponse;
import org.raftbroker.proto.admin.PurgeSubjectRequest;
import org.raftbroker.proto.admin.PurgeSubjectResponse;
import org.raftbroker.proto.admin.SubjectDescription;
import org.raftbroker.proto.admin.SubjectSettings;
import org.raftbroker.proto.admin.UpdateSubjectRequest;

/**
 * What operators may do with the subjects of a {@link MemoryStore}, under its lock. Settings are
 * kept and not enforced.
 */
final class MemorySubjects {
  static final SubjectSettings NO_SETTINGS =
      SubjectSettings.newBuilder()
          .setDefaultExpirationSeconds(0)
          .setMaxBodyBytes(0)
          .setMaxMessages(0)
          .setMaxAgeSeconds(0)
          .setMaxBytes(0)
          .build();

  private final MemoryStore store;

  MemorySubjects(MemoryStore store) {
    this.store = store;
  }

  SubjectDescription create(CreateSubjectRequest request) {
    synchronized (store) {
      Log log = store.log(request.getSubject());
      if (log.known) {
        throw new Refusal(
            Status.Code.ALREADY_EXISTS,
            "SUBJECT_EXISTS",
            "subject \"" + request.getSubject() + "\" exists");
      }
      log.known = true;
      log.settings = NO_SETTINGS.toBuilder().mergeFrom(request.getSettings()).build();
      return describe(request.getSubject());
    }
  }

  /** Looks at so many names as are asked for, so a page of one prefix may be short, or empty. */
  ListSubjectsResponse list(ListSubjectsRequest request) {
    synchronized (store) {
      int size = request.getPageSize() == 0 ? 100 : request.getPageSize();
      if (size < 1 || size > 1000) {
        throw new Refusal(Status.Code.INVALID_ARGUMENT, "PAGE_INVALID", "page of " + size);
      }
      List<String> names =
          store.namesAfter(request.getPageToken()).stream()
              .filter(name -> store.log(name).known)
              .toList();
      ListSubjectsResponse.Builder page = ListSubjectsResponse.newBuilder();
      names.stream()
          .limit(size)
          .filter(name -> name.startsWith(request.getPrefix()))
          .forEach(name -> page.addSubjects(describe(name)));
      return names.size() <= size
          ? page.build()
          : page.setNextPageToken(names.get(size - 1)).build();
    }
  }

  SubjectDescription describe(String subject) {
    synchronized (store) {
      Log log = known(subject);
      Collection<MessageResponse> archived = log.messages.headMap(log.archivedId, true).values();
      Collection<MessageResponse> stored = log.messages.tailMap(log.archivedId, false).values();
      return SubjectDescription.newBuilder()
          .setSubject(subject)
          .setShard(subject.length() % 3)
          .setLastId(log.head)
          .setFirstId(log.firstId)
          .setMessages(log.messages.size())
          .setStoredMessages(stored.size())
          .setStoredBytes(bytes(stored))
          .setArchivedId(log.archivedId)
          .setArchivedMessages(archived.size())
          .setArchivedBytes(bytes(archived))
          .setCreatedAtMillis(1000)
          .setSettings(log.settings)
          .build();
    }
  }

  SubjectDescription update(UpdateSubjectRequest request) {
    synchronized (store) {
      Log log = known(request.getSubject());
      log.settings = log.settings.toBuilder().mergeFrom(request.getSettings()).build();
      return describe(request.getSubject());
    }
  }

  PurgeSubjectResponse purge(PurgeSubjectRequest request) {
    synchronized (store) {
      Log log = known(request.getSubject());
      long upToId = request.getUpToId() == 0 ? log.head : Math.min(request.getUpToId(), log.head);
      log.messages.headMap(upToId, true).clear();
      log.firstId = Math.max(log.firstId, upToId + 1);
      return PurgeSubjectResponse.newBuilder().setFirstId(log.firstId).build();
    }
  }

  DeleteSubjectResponse delete(String subject) {
    synchronized (store) {
      Log log = known(subject);
      log.known = false;
      log.settings = NO_SETTINGS;
      log.messages.clear();
      log.firstId = log.head + 1;
      return DeleteSubjectResponse.newBuilder().setNextId(log.head + 1).build();
    }
  }

  /** Moves messages to the archive that a node would have. */
  void archive(String subject, long upToId) {
    synchronized (store) {
      known(subject).archivedId = upToId;
    }
  }

  private static long bytes(Collection<MessageResponse> messages) {
    return messages.stream().mapToLong(message -> message.getBody().size()).sum();
  }

  private Log known(String subject) {
    Log log = store.log(subject);
    if (!log.known) {
      throw new Refusal(
          Status.Code.NOT_FOUND, "SUBJECT_NOT_FOUND", "subject \"" + subject + "\" is not known");
    }
    return log;
  }
}
