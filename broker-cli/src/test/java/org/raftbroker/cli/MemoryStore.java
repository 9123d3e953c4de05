package org.raftbroker.cli;

import io.grpc.Status;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.admin.SubjectSettings;

/** The subjects that several {@link MemoryBroker}s share, as replicas would. Any thread. */
final class MemoryStore {
  private final NavigableMap<String, Log> logs = new TreeMap<>();
  private final MemorySubjects subjects = new MemorySubjects(this);

  /** One subject. */
  static final class Log {
    final NavigableMap<Long, MessageResponse> messages = new TreeMap<>();
    private final Map<String, Long> idByKey = new HashMap<>();
    private final List<Consumer<MessageResponse>> listeners = new ArrayList<>();
    private final List<Long> expired = new ArrayList<>();
    private long lastMessageId;
    private int checksum;

    /** Whether it was published on or created, and not deleted since. */
    boolean known;

    SubjectSettings settings = MemorySubjects.NO_SETTINGS;
    long head;
    long firstId = 1;
    long archivedId;
  }

  /** What operators ask for. */
  MemorySubjects subjects() {
    return subjects;
  }

  synchronized long publish(PublishRequest request) {
    check(request.getSubject());
    Log log = log(request.getSubject());
    String key = request.getIdempotencyKey();
    Long known = log.idByKey.get(key);
    if (!key.isEmpty() && known != null) {
      return known;
    }
    long id = ++log.head;
    log.known = true;
    log.checksum = Checksum.of(log.checksum, id, request.getBody());
    MessageResponse message =
        MessageResponse.newBuilder()
            .setSubject(request.getSubject())
            .setBody(request.getBody())
            .setId(id)
            .setPublishedAtMillis(1000 * id)
            .setExpiresAtMillis(
                request.getExpirationSeconds() == 0
                    ? 0
                    : 1000 * (id + request.getExpirationSeconds()))
            .putAllHeaders(request.getHeadersMap())
            .setPreviousId(log.lastMessageId)
            .setChecksum(log.checksum)
            .build();
    log.lastMessageId = id;
    log.messages.put(id, message);
    log.idByKey.put(key, id);
    List.copyOf(log.listeners).forEach(listener -> listener.accept(message));
    return id;
  }

  synchronized MessageResponse fetch(String subject, long id) {
    check(subject);
    Log log = log(subject);
    MessageResponse message = log.messages.get(id);
    if (message != null) {
      return message;
    }
    if (id < log.firstId) {
      throw new Refusal(Status.Code.NOT_FOUND, "MESSAGE_REMOVED", "message " + id + " was removed");
    }
    if (log.expired.contains(id)) {
      throw new Refusal(Status.Code.NOT_FOUND, "MESSAGE_EXPIRED", "message " + id + " expired");
    }
    throw id <= log.head
        ? new Refusal(Status.Code.NOT_FOUND, "ID_RESERVED", "id " + id + " has no message")
        : new Refusal(
            Status.Code.NOT_FOUND,
            "ID_NOT_PUBLISHED",
            "id " + id + " of \"" + subject + "\" has not been published, the head is " + log.head);
  }

  synchronized long reserve(String subject, int count) {
    check(subject);
    Log log = log(subject);
    log.head += count;
    log.known = true;
    return log.head;
  }

  synchronized int broadcast(PublishRequest request) {
    check(request.getSubject());
    MessageResponse message =
        MessageResponse.newBuilder()
            .setSubject(request.getSubject())
            .setBody(request.getBody())
            .build();
    List<Consumer<MessageResponse>> listeners = List.copyOf(log(request.getSubject()).listeners);
    listeners.forEach(listener -> listener.accept(message));
    return listeners.size();
  }

  /**
   * Hands over everything from an id on, then {@code atHead} with the head, then what is published
   * later.
   */
  synchronized void subscribe(
      String subject, long fromId, Consumer<MessageResponse> listener, Consumer<Long> atHead) {
    check(subject);
    Log log = log(subject);
    log.messages.tailMap(fromId).values().forEach(listener);
    atHead.accept(log.head);
    log.listeners.add(listener);
  }

  synchronized void unsubscribe(String subject, Consumer<MessageResponse> listener) {
    log(subject).listeners.remove(listener);
  }

  synchronized int subscriptions(String subject) {
    return log(subject).listeners.size();
  }

  synchronized long head(String subject) {
    return log(subject).head;
  }

  /** The first id published at or after a time. */
  synchronized long firstIdFrom(String subject, long millis) {
    return log(subject).messages.values().stream()
        .filter(message -> message.getPublishedAtMillis() >= millis)
        .mapToLong(MessageResponse::getId)
        .findFirst()
        .orElse(log(subject).head + 1);
  }

  /** Damages a message as no broker may. */
  synchronized void replace(String subject, long id, MessageResponse message) {
    log(subject).messages.put(id, message);
  }

  synchronized void lose(String subject, long id) {
    log(subject).messages.remove(id);
  }

  synchronized void expire(String subject, long id) {
    lose(subject, id);
    log(subject).expired.add(id);
  }

  Log log(String subject) {
    return logs.computeIfAbsent(subject, name -> new Log());
  }

  /** Names that something was asked about, in their order. */
  List<String> namesAfter(String name) {
    return List.copyOf(logs.tailMap(name, false).keySet());
  }

  private static void check(String subject) {
    if (subject.isEmpty() || subject.contains(" ")) {
      throw new Refusal(
          Status.Code.INVALID_ARGUMENT,
          "SUBJECT_INVALID",
          "subject \"" + subject + "\" is invalid");
    }
  }
}
