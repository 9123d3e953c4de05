package org.raftbroker.storage.rocksdb;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.raftbroker.message.MessageFrame;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.storage.ArchiveState;
import org.raftbroker.storage.BacklogRun;
import org.raftbroker.storage.Changes;
import org.raftbroker.storage.Changes.NewKey;
import org.raftbroker.storage.Changes.ReservedRun;
import org.raftbroker.storage.Incarnation;
import org.raftbroker.storage.KeyState;
import org.raftbroker.storage.OriginState;
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.ShardStore;
import org.raftbroker.storage.ShardView;
import org.raftbroker.storage.SubjectState;

/** Puts together the changes of the next entry of a store, and writes them. */
final class EntryWriter {
  static final long TERM = 3;

  private final ShardStore store;
  private final long timeMillis;
  private final Map<Subject, SubjectState> subjects = new LinkedHashMap<>();
  private final List<StoredMessage> messages = new ArrayList<>();
  private final List<ReservedRun> reserved = new ArrayList<>();
  private final Map<Long, OriginState> origins = new LinkedHashMap<>();
  private final List<Long> forgottenOrigins = new ArrayList<>();
  private final List<NewKey> keys = new ArrayList<>();
  private List<ShardView.ExpiringMessage> expiredMessages = List.of();
  private List<ShardView.ExpiringKey> expiredKeys = List.of();
  private final List<BacklogRun> backlog = new ArrayList<>();
  private List<BacklogRun> archived = List.of();
  private ArchiveState archive;
  private long lastNumber;

  private EntryWriter(ShardStore store, long timeMillis) {
    this.store = store;
    this.timeMillis = timeMillis;
    this.lastNumber = store.view().lastSubjectNumber();
    this.archive = store.view().archive();
  }

  static EntryWriter entry(ShardStore store, long timeMillis) {
    return new EntryWriter(store, timeMillis);
  }

  EntryWriter append(Subject subject, byte[] body) {
    return append(subject, body, 0);
  }

  EntryWriter append(Subject subject, byte[] body, long expiresAtMillis) {
    SubjectState state = state(subject);
    long id = state.lastId() + 1;
    NewMessage message = new NewMessage(subject, ByteString.copyFrom(body), 0, Map.of(), null);
    int checksum = MessageFrame.checksum(state.head().checksum(), id, message.body());
    byte[] frame =
        MessageFrame.encode(
            message, id, timeMillis, expiresAtMillis, state.head().messageId(), checksum);
    messages.add(new StoredMessage(subject, id, expiresAtMillis, frame));
    toBacklog(
        BacklogRun.message(store.appliedIndex() + 1, subject, state.number(), id, frame.length));
    subjects.put(subject, state.withMessage(id, checksum, frame.length));
    return this;
  }

  EntryWriter reserve(Subject subject, int count) {
    SubjectState state = state(subject);
    long from = state.head().reservedFrom() == 0 ? state.lastId() + 1 : state.head().reservedFrom();
    long to = state.lastId() + count;
    reserved.add(new ReservedRun(subject, from, to));
    subjects.put(subject, state.withReserved(from, to));
    toBacklog(
        BacklogRun.reserved(
            store.appliedIndex() + 1, subject, state.number(), state.lastId() + 1, to));
    return this;
  }

  EntryWriter openArchive() {
    archive = ArchiveState.opened(new Incarnation(1, 7));
    return this;
  }

  EntryWriter markArchived(long upToIndex) {
    archived = store.view().backlog(upToIndex);
    for (BacklogRun run : archived) {
      archive = archive.without(run);
      subjects.put(run.subject(), state(run.subject()).withArchived(run));
    }
    archive = archive.archivedUpTo(upToIndex);
    return this;
  }

  /** Each id is a run of its own here. */
  private void toBacklog(BacklogRun run) {
    if (archive.open()) {
      archive = archive.with(run);
      backlog.add(run);
    }
  }

  EntryWriter remember(Subject subject, String key, KeyState state) {
    subjects.put(subject, state(subject));
    keys.add(new NewKey(subject, key, state));
    return this;
  }

  EntryWriter answer(long origin, Outcome outcome) {
    OriginState before = origins.getOrDefault(origin, store.view().origins().get(origin));
    OriginState state = before == null ? OriginState.NEW : before;
    origins.put(origin, state.applied(state.lastSequence() + 1, timeMillis, outcome));
    return this;
  }

  EntryWriter forget(long origin) {
    forgottenOrigins.add(origin);
    return this;
  }

  EntryWriter expire(int limit) {
    expiredMessages = store.view().expiredMessages(timeMillis, limit);
    for (ShardView.ExpiringMessage message : expiredMessages) {
      SubjectState state = state(message.subject());
      subjects.put(message.subject(), state.without(1, message.frameBytes()));
    }
    expiredKeys = store.view().expiredKeys(timeMillis, limit);
    return this;
  }

  /** The ids that the messages of this entry got. */
  List<Long> write() {
    store.write(
        new Changes(
            TERM,
            store.appliedIndex() + 1,
            timeMillis,
            subjects,
            messages,
            reserved,
            origins,
            forgottenOrigins,
            keys,
            expiredMessages,
            expiredKeys,
            archive,
            backlog,
            archived,
            Changes.Retention.NONE,
            null));
    return messages.stream().map(StoredMessage::id).toList();
  }

  private SubjectState state(Subject subject) {
    SubjectState state = subjects.getOrDefault(subject, store.view().subject(subject));
    return state == null ? SubjectState.first(++lastNumber, timeMillis) : state;
  }
}
