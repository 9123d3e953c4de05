package org.raftbroker.systemtests.history;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.raftbroker.systemtests.history.SubscriberRecord.Begin;

/**
 * What clients of a faultless broker could have seen on one subject: publishes, reservations,
 * fetches and subscribers that overlap at random, some of them without an answer. All lists may be
 * changed before {@link #history} makes a history of them.
 */
final class RandomHistory {
  static final String SUBJECT = "orders";
  static final List<String> NODES = List.of("n1", "n2", "n3");
  private static final int STEP = 100;
  private static final int OVERLAP = 250;

  /** One try of a publish; id 0: no answer, negative: refused. */
  record Try(long from, long to, long id, String status) {
    Try withId(long other) {
      return new Try(from, to, other, status);
    }
  }

  /** A message and its tries. */
  record Wanted(ByteString body, @Nullable String key, List<Try> tries) {}

  /** A reservation; lastId 0: no answer. */
  record Reserved(int count, long from, long to, long lastId) {}

  /** A subscriber; deliveries by id, so that they can be filled in when all is known. */
  record Stream(String name, Begin begin, long asked, long inPlace, List<Received> deliveries) {}

  final List<Wanted> wanted = new ArrayList<>();
  final List<Reserved> reservations = new ArrayList<>();
  final List<FetchCall> fetches = new ArrayList<>();
  final List<Stream> streams = new ArrayList<>();
  final Map<String, List<Received>> logByNode = new TreeMap<>();

  private final Random random;
  private final List<Received> log = new ArrayList<>();
  private final Map<Long, Long> happenedAtById = new HashMap<>();
  private long lastId;
  private long now = 1_000;

  RandomHistory(Random random, int steps) {
    this.random = random;
    List<Long> fetchTimes = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      now += STEP;
      switch (random.nextInt(8)) {
        case 0 -> reserve();
        case 1 -> fetchTimes.add(now + STEP / 2);
        default -> publish(i);
      }
    }
    now += STEP;
    publishAcknowledged("last", "key-last"); // so that the last id has a message
    NODES.forEach(node -> logByNode.put(node, new ArrayList<>(log)));
    fetchTimes.forEach(this::fetch);
    for (int i = 0; i < 4; i++) {
      subscribe(i);
    }
  }

  private void publish(int number) {
    String body = "message " + number;
    String key = random.nextBoolean() ? "key " + number : null;
    switch (random.nextInt(10)) {
      case 0 -> wanted.add(new Wanted(bytes(body), key, tries(aTry(-1, "RESOURCE_EXHAUSTED"))));
      case 1 -> wanted.add(new Wanted(bytes(body), key, tries(aTry(0, "UNAVAILABLE"))));
      case 2 -> { // happened, and nobody was told
        wanted.add(new Wanted(bytes(body), key, tries(aTry(0, "DEADLINE_EXCEEDED"))));
        append(bytes(body));
      }
      case 3 -> { // happened, and only a repeat was told
        Try untold = aTry(0, "UNAVAILABLE");
        long id = append(bytes(body));
        now += STEP + OVERLAP;
        Try told = aTry(key == null ? append(bytes(body)) : id, "");
        wanted.add(new Wanted(bytes(body), key, tries(untold, told)));
      }
      default -> publishAcknowledged(body, key);
    }
  }

  private void publishAcknowledged(String body, @Nullable String key) {
    long id = append(bytes(body));
    wanted.add(new Wanted(bytes(body), key, tries(aTry(id, ""))));
  }

  private static List<Try> tries(Try... tries) {
    return new ArrayList<>(List.of(tries));
  }

  /** A call that is under way now: it began a little before and ends a little after. */
  private Try aTry(long id, String status) {
    return new Try(now - random.nextInt(OVERLAP), now + random.nextInt(OVERLAP), id, status);
  }

  private void reserve() {
    int count = 1 + random.nextInt(4);
    boolean told = random.nextInt(4) > 0;
    lastId += count;
    happenedAtById.put(lastId, now);
    reservations.add(
        new Reserved(
            count,
            now - random.nextInt(OVERLAP),
            now + random.nextInt(OVERLAP),
            told ? lastId : 0));
  }

  private long append(ByteString body) {
    Received before = log.isEmpty() ? null : log.get(log.size() - 1);
    long id = ++lastId;
    log.add(
        new Received(
            id,
            body,
            now,
            before == null ? 0 : before.id(),
            NodeLogCheck.checksum(before == null ? 0 : before.checksum(), id, body),
            now));
    happenedAtById.put(id, now);
    return id;
  }

  private void fetch(long at) {
    long id = 1L + random.nextInt((int) lastId + 2);
    long began = at - random.nextInt(OVERLAP);
    long ended = at + random.nextInt(OVERLAP);
    long headThen =
        happenedAtById.entrySet().stream()
            .filter(e -> e.getValue() <= at)
            .mapToLong(Map.Entry::getKey)
            .max()
            .orElse(0);
    FetchCall.Answer answer;
    Received held = byId(log, id);
    if (id > headThen) {
      answer = new FetchCall.Absent("ID_NOT_PUBLISHED");
    } else if (held == null) {
      answer = new FetchCall.Absent("ID_RESERVED");
    } else {
      answer = new FetchCall.Found(receivedAt(held, ended));
    }
    fetches.add(new FetchCall(node(), SUBJECT, id, began, ended, answer));
  }

  private void subscribe(int number) {
    long inPlace = 1_000L + random.nextInt((int) (now - 1_000));
    boolean fromId = number % 2 == 0;
    long from = 1L + random.nextInt((int) lastId);
    List<Received> deliveries = new ArrayList<>();
    for (Received message : log) {
      long happenedAt = happenedAtById.getOrDefault(message.id(), 0L);
      if (fromId ? message.id() >= from : happenedAt > inPlace) {
        long at = Math.max(happenedAt, inPlace) + random.nextInt(OVERLAP);
        deliveries.add(receivedAt(message, at));
      }
    }
    Begin begin = fromId ? new Begin.FromId(from) : new Begin.New();
    streams.add(new Stream("s" + number, begin, inPlace - STEP, inPlace, deliveries));
  }

  String node() {
    return NODES.get(random.nextInt(NODES.size()));
  }

  List<Received> log(String node) {
    return logByNode.computeIfAbsent(node, n -> new ArrayList<>());
  }

  long lastId() {
    return lastId;
  }

  static @Nullable Received byId(List<Received> messages, long id) {
    return messages.stream().filter(m -> m.id() == id).findFirst().orElse(null);
  }

  static Received receivedAt(Received message, long at) {
    return new Received(
        message.id(),
        message.body(),
        message.publishedAtMillis(),
        message.previousId(),
        message.checksum(),
        at);
  }

  static ByteString bytes(String text) {
    return ByteString.copyFromUtf8(text);
  }

  /** Gives messages previous ids and checksums as a node would that holds just these. */
  static void relink(List<Received> messages) {
    long previousId = 0;
    int checksum = 0;
    for (int i = 0; i < messages.size(); i++) {
      Received m = messages.get(i);
      checksum = NodeLogCheck.checksum(checksum, m.id(), m.body());
      messages.set(
          i,
          new Received(m.id(), m.body(), m.publishedAtMillis(), previousId, checksum, m.atNanos()));
      previousId = m.id();
    }
  }

  History history() {
    History history = new History(NODES);
    for (Wanted message : wanted) {
      Publish publish = history.publish(SUBJECT, message.body(), message.key());
      for (Try one : message.tries()) {
        Attempt attempt = publish.attempt(one.from());
        if (one.id() > 0) {
          attempt.acknowledged(one.id(), one.to());
        } else if (one.id() < 0) {
          attempt.refused(one.status(), one.to());
        } else {
          attempt.unknown(one.status(), one.to());
        }
      }
    }
    for (Reserved one : reservations) {
      Attempt attempt = history.reservation(SUBJECT, one.count(), one.from()).attempt();
      if (one.lastId() == 0) {
        attempt.unknown("UNAVAILABLE", one.to());
      } else {
        attempt.acknowledged(one.lastId(), one.to());
      }
    }
    for (Stream stream : streams) {
      SubscriberRecord record = history.subscriber(stream.name(), SUBJECT, stream.begin());
      record.asked(stream.asked());
      record.inPlace(stream.inPlace());
      stream.deliveries().forEach(record::delivered);
      record.owedAll();
    }
    fetches.forEach(history::fetched);
    logByNode.forEach((node, messages) -> history.finalRead(node, SUBJECT, messages));
    return history;
  }
}
