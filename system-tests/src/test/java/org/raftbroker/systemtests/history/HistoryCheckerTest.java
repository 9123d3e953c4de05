package org.raftbroker.systemtests.history;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.raftbroker.systemtests.history.Finding.Kind;
import org.raftbroker.systemtests.history.SubscriberRecord.Begin;

/** Each broken promise, alone in a history that is otherwise as it should be. */
class HistoryCheckerTest {
  private static final String ORDERS = "orders";

  private final History history = new History(List.of("n1", "n2", "n3"));

  @Test
  void aGoodHistoryHasNoFindings() {
    acknowledged("a", "key-a", 1, 0, 10);
    acknowledged("b", null, 2, 20, 30);
    subscriber("s", new Begin.FromId(1), messages("a", "b")).owedAll();
    fetched(2, 40, found("a", "b").get(1));
    everywhere(messages("a", "b"));

    assertThat(kinds()).isEmpty();
  }

  @Test
  void acknowledgedMessageThatOneNodeLacksIsLost() {
    acknowledged("a", "key-a", 1, 0, 10);
    acknowledged("b", "key-b", 2, 20, 30);
    onNode("n1", messages("a", "b"));
    onNode("n2", messages("a", "b"));
    onNode("n3", messages("a"));

    assertThat(kinds()).containsExactlyInAnyOrder(Kind.LOST, Kind.DIVERGED);
  }

  @Test
  void acknowledgedMessageThatAllNodesLackIsLost() {
    acknowledged("a", "key-a", 1, 0, 10);
    acknowledged("b", "key-b", 2, 20, 30);
    everywhere(messages("a"));

    assertThat(kinds()).containsExactly(Kind.LOST);
  }

  @Test
  void messageAtAnotherIdThanAcknowledgedIsLostThere() {
    acknowledged("a", "key-a", 2, 0, 10);
    everywhere(messages("a"));

    assertThat(kinds()).containsExactly(Kind.LOST);
  }

  @Test
  void otherBytesOnOneNodeAreFound() {
    acknowledged("a", "key-a", 1, 0, 10);
    onNode("n1", messages("a"));
    onNode("n2", messages("a"));
    onNode("n3", messages("x"));

    assertThat(kinds()).containsExactlyInAnyOrder(Kind.ALTERED, Kind.DIVERGED, Kind.INVENTED);
  }

  @Test
  void uncertainMessageWithAKeyMayBeThereOnce() {
    Publish publish = publish("a", "key-a");
    publish.attempt(0).unknown("UNAVAILABLE", 10);
    publish.attempt(20).unknown("DEADLINE_EXCEEDED", 30);
    everywhere(messages("a"));

    assertThat(kinds()).isEmpty();
  }

  @Test
  void uncertainMessageWithAKeyMayBeAbsent() {
    publish("a", "key-a").attempt(0).unknown("UNAVAILABLE", 10);
    everywhere(List.of());

    assertThat(kinds()).isEmpty();
  }

  @Test
  void messageWithAKeyThatIsThereTwiceIsADuplicate() {
    Publish publish = publish("a", "key-a");
    publish.attempt(0).unknown("UNAVAILABLE", 10);
    publish.attempt(20).acknowledged(2, 30);
    everywhere(messages("a", "a"));

    assertThat(kinds()).containsExactly(Kind.DUPLICATED);
  }

  @Test
  void repeatOfAnAcknowledgedKeyMustAnswerTheSameId() {
    Publish publish = publish("a", "key-a");
    publish.attempt(0).acknowledged(1, 10);
    publish.attempt(20).acknowledged(2, 30);
    acknowledged("b", null, 2, 0, 50);
    everywhere(messages("a", "b"));

    assertThat(kinds()).contains(Kind.DUPLICATED, Kind.ALTERED, Kind.ID_REUSED);
  }

  @Test
  void messageWithoutAKeyMayBeThereOnceForEachAttemptThatMayHaveHappened() {
    Publish publish = publish("a", null);
    publish.attempt(0).unknown("UNAVAILABLE", 10);
    publish.attempt(20).acknowledged(2, 30);
    everywhere(messages("a", "a"));

    assertThat(kinds()).isEmpty();
  }

  @Test
  void messageWithoutAKeyThatIsThereOftenerThanTriedIsADuplicate() {
    acknowledged("a", null, 1, 0, 10);
    everywhere(messages("a", "a"));

    assertThat(kinds()).containsExactly(Kind.DUPLICATED);
  }

  @Test
  void refusedMessageThatIsThereIsInvented() {
    publish("a", null).attempt(0).refused("RESOURCE_EXHAUSTED", 10);
    everywhere(messages("a"));

    assertThat(kinds()).containsExactly(Kind.INVENTED);
  }

  @Test
  void messageThatNobodyPublishedIsInvented() {
    everywhere(messages("x"));

    assertThat(kinds()).containsExactly(Kind.INVENTED);
  }

  @Test
  void laterPublishWithLowerIdIsReordered() {
    acknowledged("b", "key-b", 2, 0, 10);
    acknowledged("a", "key-a", 1, 20, 30);
    everywhere(messages("a", "b"));

    assertThat(kinds()).containsExactly(Kind.REORDERED);
  }

  @Test
  void overlappingPublishesMayGetTheirIdsInAnyOrder() {
    acknowledged("b", "key-b", 2, 0, 25);
    acknowledged("a", "key-a", 1, 20, 30);
    everywhere(messages("a", "b"));

    assertThat(kinds()).isEmpty();
  }

  @Test
  void uncertainPublishMustNotGetAnIdFromBeforeItsTime() {
    acknowledged("b", "key-b", 2, 0, 10);
    publish("a", "key-a").attempt(20).unknown("UNAVAILABLE", 30);
    everywhere(messages("a", "b"));

    assertThat(kinds()).containsExactly(Kind.REORDERED);
  }

  @Test
  void idsThatDoNotRiseInTheOrderOfAStreamAreReordered() {
    publish("b", "key-b").attempt("stream", 0).acknowledged(2, 30);
    publish("a", "key-a").attempt("stream", 1).acknowledged(1, 30);
    everywhere(messages("a", "b"));

    assertThat(kinds()).containsExactly(Kind.REORDERED);
  }

  @Test
  void oneIdForTwoMessagesIsFound() {
    acknowledged("a", "key-a", 1, 0, 10);
    acknowledged("b", "key-b", 1, 0, 10);
    everywhere(messages("a"));

    assertThat(kinds()).containsExactlyInAnyOrder(Kind.ID_REUSED, Kind.ALTERED);
  }

  @Test
  void reservedIdMustNotHoldAMessage() {
    acknowledged("a", "key-a", 1, 0, 10);
    history.reservation(ORDERS, 2, 0).attempt().acknowledged(2, 10);
    everywhere(messages("a"));

    assertThat(kinds()).containsExactly(Kind.ID_REUSED);
  }

  @Test
  void reservationsMustNotShareAnId() {
    history.reservation(ORDERS, 3, 0).attempt().acknowledged(3, 10);
    history.reservation(ORDERS, 2, 0).attempt().acknowledged(4, 10);
    everywhere(List.of());

    assertThat(kinds()).containsExactly(Kind.ID_REUSED);
  }

  @Test
  void idWithoutMessageOrReservationIsSkipped() {
    acknowledged("a", "key-a", 1, 0, 10);
    acknowledged("b", "key-b", 4, 20, 30);
    Received a = message("a", 1, 0, 0);
    everywhere(List.of(a, message("b", 4, 1, a.checksum())));

    assertThat(kinds()).containsExactly(Kind.ID_SKIPPED);
  }

  @Test
  void reservationThatMayHaveHappenedAccountsForItsIds() {
    acknowledged("a", "key-a", 1, 0, 10);
    history.reservation(ORDERS, 2, 12).attempt().unknown("UNAVAILABLE", 15);
    acknowledged("b", "key-b", 4, 20, 30);
    Received a = message("a", 1, 0, 0);
    everywhere(List.of(a, message("b", 4, 1, a.checksum())));

    assertThat(kinds()).isEmpty();
  }

  @Test
  void otherTimeOnOneNodeIsADivergence() {
    acknowledged("a", "key-a", 1, 0, 10);
    Received a = messages("a").get(0);
    onNode("n1", List.of(a));
    onNode("n2", List.of(a));
    onNode("n3", List.of(new Received(1, a.body(), a.publishedAtMillis() + 1, 0, a.checksum(), 0)));

    assertThat(kinds()).containsExactly(Kind.DIVERGED);
  }

  @Test
  void wrongChecksumBreaksTheChain() {
    acknowledged("a", "key-a", 1, 0, 10);
    Received a = messages("a").get(0);
    everywhere(List.of(new Received(1, a.body(), a.publishedAtMillis(), 0, ~a.checksum(), 0)));

    assertThat(kinds()).containsExactly(Kind.CHAIN_BROKEN);
  }

  @Test
  void wrongPreviousIdBreaksTheChain() {
    acknowledged("a", "key-a", 1, 0, 10);
    acknowledged("b", "key-b", 2, 20, 30);
    Received a = message("a", 1, 0, 0);
    everywhere(List.of(a, message("b", 2, 0, a.checksum())));

    assertThat(kinds()).containsExactly(Kind.CHAIN_BROKEN);
  }

  @Test
  void messageMissingInAStreamIsAGap() {
    threeEverywhere();
    List<Received> all = messages("a", "b", "c");
    subscriber("s", new Begin.FromId(1), List.of(all.get(0), all.get(2)));

    assertThat(kinds()).containsExactly(Kind.STREAM_GAP);
  }

  @Test
  void messageMissingAtTheEndIsAGapIfItWasOwed() {
    threeEverywhere();
    List<Received> all = messages("a", "b", "c");
    subscriber("broken-off", new Begin.FromId(1), all.subList(0, 2));
    assertThat(kinds()).isEmpty();

    subscriber("s", new Begin.FromId(1), all.subList(0, 2)).owedAll();
    assertThat(kinds()).containsExactly(Kind.STREAM_GAP);
  }

  @Test
  void messageMissingAtTheBeginningIsAGap() {
    threeEverywhere();
    subscriber("s", new Begin.FromId(1), messages("a", "b", "c").subList(1, 3));

    assertThat(kinds()).containsExactly(Kind.STREAM_GAP);
  }

  @Test
  void newSubscriberIsOwedWhatWasInvokedAfterItWasInPlace() {
    threeEverywhere();
    SubscriberRecord subscriber = history.subscriber("s", ORDERS, new Begin.New());
    subscriber.asked(11);
    subscriber.inPlace(15);
    subscriber.delivered(messages("a", "b", "c").get(2));

    assertThat(kinds()).containsExactly(Kind.STREAM_GAP);
  }

  @Test
  void newSubscriberMustNotGetWhatWasAcknowledgedBeforeItAsked() {
    threeEverywhere();
    SubscriberRecord subscriber = history.subscriber("s", ORDERS, new Begin.New());
    subscriber.asked(31);
    subscriber.inPlace(35);
    messages("a", "b", "c").subList(1, 3).forEach(subscriber::delivered);

    assertThat(kinds()).containsExactly(Kind.STREAM_UNASKED);
  }

  @Test
  void messageGivenTwiceInAStreamIsADuplicate() {
    threeEverywhere();
    List<Received> all = messages("a", "b", "c");
    subscriber("s", new Begin.FromId(1), List.of(all.get(0), all.get(1), all.get(1), all.get(2)));

    assertThat(kinds()).containsExactly(Kind.STREAM_DUPLICATE);
  }

  @Test
  void streamThatGoesBackwardsIsReordered() {
    threeEverywhere();
    List<Received> all = messages("a", "b", "c");
    subscriber("s", new Begin.FromId(1), List.of(all.get(0), all.get(2), all.get(1)));

    assertThat(kinds()).containsExactlyInAnyOrder(Kind.STREAM_GAP, Kind.STREAM_REORDERED);
  }

  @Test
  void otherBytesInAStreamAreFound() {
    threeEverywhere();
    List<Received> all = messages("a", "b", "c");
    subscriber(
        "s", new Begin.FromId(1), List.of(all.get(0), messages("a", "x").get(1), all.get(2)));

    assertThat(kinds()).containsExactly(Kind.ALTERED);
  }

  @Test
  void deliveredMessageThatIsNotThereInTheEndIsLost() {
    everywhere(List.of());
    publish("a", null).attempt(0).unknown("UNAVAILABLE", 10);
    subscriber("s", new Begin.FromId(1), messages("a"));

    assertThat(kinds()).containsExactly(Kind.LOST);
  }

  @Test
  void fetchThatDoesNotSeeAnAcknowledgedMessageIsStale() {
    threeEverywhere();
    fetched(1, 11, new FetchCall.Absent("ID_NOT_PUBLISHED"));

    assertThat(kinds()).containsExactly(Kind.STALE_READ);
  }

  @Test
  void fetchThatDoesNotSeeWhatAnotherFetchSawIsStale() {
    threeEverywhere();
    // Acknowledged at 30, but seen by someone at 25.
    Received b = messages("a", "b").get(1);
    Received seenEarly =
        new Received(b.id(), b.body(), b.publishedAtMillis(), b.previousId(), b.checksum(), 25);
    fetched(2, 21, new FetchCall.Found(seenEarly));
    fetched(2, 26, new FetchCall.Absent("ID_NOT_PUBLISHED"));

    assertThat(kinds()).containsExactly(Kind.STALE_READ);
  }

  @Test
  void fetchThatOverlapsThePublishMayMissIt() {
    threeEverywhere();
    fetched(1, 9, new FetchCall.Absent("ID_NOT_PUBLISHED"));

    assertThat(kinds()).isEmpty();
  }

  @Test
  void fetchThatCallsAMessageReservedOrExpiredIsWrong() {
    threeEverywhere();
    fetched(1, 11, new FetchCall.Absent("ID_RESERVED"));
    fetched(2, 31, new FetchCall.Absent("MESSAGE_EXPIRED"));

    assertThat(kinds()).containsExactly(Kind.STALE_READ, Kind.STALE_READ);
  }

  @Test
  void statusThatNoFaultAccountsForIsFound() {
    publish("a", null).attempt(0).unknown("INTERNAL", 10);
    everywhere(List.of());

    assertThat(kinds()).containsExactly(Kind.WRONG_STATUS);
  }

  @Test
  void historyWithoutEveryNodesContentIsIncomplete() {
    acknowledged("a", "key-a", 1, 0, 10);
    onNode("n1", messages("a"));
    onNode("n2", messages("a"));

    assertThat(kinds()).containsExactly(Kind.INCOMPLETE);
  }

  @Test
  void longestStretchIsTheLongestPauseBetweenAcknowledgements() {
    acknowledged("a", "key-a", 1, 0, 100);
    acknowledged("b", "key-b", 2, 0, 400);
    acknowledged("c", "key-c", 3, 0, 450);

    assertThat(history.longestStretchWithoutAcknowledgement(50, 500))
        .isEqualTo(Duration.ofNanos(300));
    assertThat(history.longestStretchWithoutAcknowledgement(50, 900))
        .isEqualTo(Duration.ofNanos(450));
  }

  private void threeEverywhere() {
    acknowledged("a", "key-a", 1, 0, 10);
    acknowledged("b", "key-b", 2, 20, 30);
    acknowledged("c", "key-c", 3, 40, 50);
    everywhere(messages("a", "b", "c"));
  }

  private List<Kind> kinds() {
    return HistoryChecker.check(history).findings().stream().map(Finding::kind).toList();
  }

  private Publish publish(String body, @Nullable String key) {
    return history.publish(ORDERS, ByteString.copyFromUtf8(body), key);
  }

  private void acknowledged(String body, @Nullable String key, long id, long from, long to) {
    publish(body, key).attempt(from).acknowledged(id, to);
  }

  private SubscriberRecord subscriber(String name, Begin begin, List<Received> deliveries) {
    SubscriberRecord subscriber = history.subscriber(name, ORDERS, begin);
    subscriber.asked(0);
    subscriber.inPlace(0);
    deliveries.forEach(subscriber::delivered);
    return subscriber;
  }

  private void fetched(long id, long at, FetchCall.Answer answer) {
    history.fetched(new FetchCall("n2", ORDERS, id, at, at + 1, answer));
  }

  private static List<FetchCall.Found> found(String... bodies) {
    return messages(bodies).stream().map(FetchCall.Found::new).toList();
  }

  private void everywhere(List<Received> messages) {
    List.of("n1", "n2", "n3").forEach(node -> onNode(node, messages));
  }

  private void onNode(String node, List<Received> messages) {
    history.finalRead(node, ORDERS, messages);
  }

  /** Messages with ids from 1 on, each linked to the one before. */
  private static List<Received> messages(String... bodies) {
    List<Received> messages = new ArrayList<>();
    int checksum = 0;
    for (String body : bodies) {
      Received next = message(body, messages.size() + 1, messages.size(), checksum);
      checksum = next.checksum();
      messages.add(next);
    }
    return messages;
  }

  /** Received so late that no fetch of these tests could have known. */
  private static Received message(String body, long id, long previousId, int previousChecksum) {
    ByteString bytes = ByteString.copyFromUtf8(body);
    int checksum = NodeLogCheck.checksum(previousChecksum, id, bytes);
    return new Received(id, bytes, 1_000 + id, previousId, checksum, 1_000_000);
  }
}
