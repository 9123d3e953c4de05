package org.raftbroker.systemtests.history;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.MessageResponse;

/**
 * Everything that clients asked of a cluster and were told, with times from one clock, in
 * nanoseconds. Any thread may record; checked when all is over.
 *
 * <p>A history must hold every publish and reservation on its subjects: the checker calls a message
 * that nobody published an invention.
 */
public final class History {
  private final Bodies bodies = new Bodies();
  private final Queue<Publish> publishes = new ConcurrentLinkedQueue<>();
  private final Queue<Reservation> reservations = new ConcurrentLinkedQueue<>();
  private final Queue<SubscriberRecord> subscribers = new ConcurrentLinkedQueue<>();
  private final Queue<FetchCall> fetches = new ConcurrentLinkedQueue<>();
  private final Map<String, Map<String, NodeLog>> logByNodeBySubject = new ConcurrentHashMap<>();
  private final Set<String> nodes;

  /**
   * An empty history.
   *
   * @param nodes those whose final content is to be read and compared
   */
  public History(Collection<String> nodes) {
    this.nodes = new TreeSet<>(nodes);
  }

  /**
   * A message that someone wants on a subject; the attempts are recorded at the answer.
   *
   * @param body unlike any other of this history
   * @param key its idempotency key, sent with each attempt; null: none
   */
  public Publish publish(String subject, ByteString body, @Nullable String key) {
    bodies.add(body);
    Publish publish = new Publish(subject, body, key);
    publishes.add(publish);
    return publish;
  }

  public Reservation reservation(String subject, int count, long invokedAtNanos) {
    Reservation reservation = new Reservation(subject, count, invokedAtNanos);
    reservations.add(reservation);
    return reservation;
  }

  public SubscriberRecord subscriber(String name, String subject, SubscriberRecord.Begin begin) {
    SubscriberRecord subscriber = new SubscriberRecord(name, subject, begin);
    subscribers.add(subscriber);
    return subscriber;
  }

  public void fetched(FetchCall fetch) {
    fetches.add(fetch);
  }

  /** The whole content of a subject on a node, read after the last publish. */
  public void finalRead(String node, String subject, List<Received> messages) {
    logByNodeBySubject
        .computeIfAbsent(subject, s -> new ConcurrentHashMap<>())
        .put(node, new NodeLog(node, messages));
  }

  /** A message in the form that histories keep; its body is shared with the publish. */
  public Received received(MessageResponse message, long atNanos) {
    return new Received(
        message.getId(),
        bodies.kept(message.getBody()),
        message.getPublishedAtMillis(),
        message.getPreviousId(),
        message.getChecksum(),
        atNanos);
  }

  /**
   * The longest time in which no publish was acknowledged, between two moments. Only means
   * something while someone was publishing all the time.
   */
  public Duration longestStretchWithoutAcknowledgement(long fromNanos, long toNanos) {
    long[] acknowledged =
        publishes.stream()
            .flatMap(publish -> publish.attempts().stream())
            .filter(Attempt::isAcknowledged)
            .mapToLong(Attempt::endedAtNanos)
            .filter(at -> at >= fromNanos && at <= toNanos)
            .toArray();
    Arrays.sort(acknowledged);
    long longest = 0;
    long last = fromNanos;
    for (long at : acknowledged) {
      longest = Math.max(longest, at - last);
      last = at;
    }
    return Duration.ofNanos(Math.max(longest, toNanos - last));
  }

  /** The acknowledged publishes that took longest, the slowest first. */
  public List<SlowPublish> slowestPublishes(int most) {
    long now = System.nanoTime();
    Instant clock = Instant.now();
    return publishes.stream()
        .flatMap(
            publish ->
                publish.sinceFirstAttempt().stream()
                    .map(
                        took ->
                            new SlowPublish(
                                took,
                                clock.minusNanos(now - publish.firstInvokedAtNanos()),
                                publish.subject(),
                                publish.attempts())))
        .sorted(Comparator.comparing(SlowPublish::took).reversed())
        .limit(most)
        .toList();
  }

  Set<String> nodes() {
    return nodes;
  }

  /** One view for each subject that anything was recorded of, by name. */
  Collection<SubjectHistory> bySubject() {
    Map<String, SubjectHistory> bySubject = new TreeMap<>();
    logByNodeBySubject.forEach((subject, logs) -> of(bySubject, subject).logByNode().putAll(logs));
    publishes.forEach(p -> of(bySubject, p.subject()).publishes().add(p));
    reservations.forEach(r -> of(bySubject, r.subject()).reservations().add(r));
    subscribers.forEach(s -> of(bySubject, s.subject()).subscribers().add(s));
    fetches.forEach(f -> of(bySubject, f.subject()).fetches().add(f));
    return bySubject.values();
  }

  private static SubjectHistory of(Map<String, SubjectHistory> bySubject, String subject) {
    return bySubject.computeIfAbsent(
        subject,
        s ->
            new SubjectHistory(
                s,
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new TreeMap<>()));
  }
}
