package org.raftbroker.server.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.Reason;
import org.raftbroker.message.SettingsChange;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.DescribedSubject;
import org.raftbroker.raft.MessageRun;
import org.raftbroker.raft.Shard;
import org.raftbroker.raft.SubjectBounds;
import org.raftbroker.server.ReplicaOfOne;
import org.raftbroker.server.grpc.TestNode;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.peer.PeerConfig;

/** n1 and n2 have replicas, n3 has none and subscriptions. */
@Timeout(120)
final class FollowingTest {
  private static final Subject ORDERS = new Subject("orders");
  private static final int SHARDS = 3;

  @TempDir private Path directory;

  private final EventLoop loop = new EventLoop();
  private final List<Member> members =
      List.of(TestNode.member("n1"), TestNode.member("n2"), TestNode.member("n3"));
  private TestNode first;
  private TestNode second;
  private OutsideNode outside;

  @BeforeEach
  void start() {
    first = TestNode.of(directory, "n1", members, PeerConfig.DEFAULT, UnaryOperator.identity());
    second = TestNode.of(directory, "n2", members, PeerConfig.DEFAULT, UnaryOperator.identity());
    outside = new OutsideNode(directory, "n3", members, List.of("n1", "n2"), SHARDS);
  }

  @AfterEach
  void stop() {
    outside.close();
    first.close();
    second.close();
    loop.close();
  }

  @Test
  void subscriptionsOfEveryKindGetWhatAReplicaElsewhereHas() {
    publish(ORDERS, 10);

    ReceivingClient all = subscribe(ORDERS, new Start.Earliest());
    ReceivingClient fromId = subscribe(ORDERS, new Start.FromId(8));
    ReceivingClient fromTime = subscribe(ORDERS, new Start.FromTime(0));
    ReceivingClient fresh = subscribe(ORDERS, new Start.New());
    publish(ORDERS, 2);

    fresh.awaitReceived(2);
    all.awaitReceived(12);
    fromId.awaitReceived(5);
    fromTime.awaitReceived(12);
    assertThat(fresh.ids()).containsExactly(11, 12);
    assertThat(all.ids()).isEqualTo(ids(12));
    assertThat(fromId.ids()).containsExactly(8, 9, 10, 11, 12);
    assertThat(fromTime.ids()).isEqualTo(ids(12));
    assertThat(first.delivery.subscriptions() + second.delivery.subscriptions())
        .as("subscriptions of clients at the nodes that are followed")
        .isZero();
  }

  @Test
  void whenTheFollowedNodeEndsItGoesOnAtTheNextOne() {
    ReceivingClient client = subscribe(ORDERS, new Start.New());
    publish(ORDERS, 100);
    client.awaitReceived(100);
    TestNode followed = followed(ORDERS);

    close(followed);
    publish(ORDERS, 100);

    client.awaitReceived(200);
    assertThat(client.ids()).isEqualTo(ids(200));
  }

  @Test
  void replicaThatHasLostItsLeaderIsLeftForOneThatHasNot() {
    ReceivingClient client = subscribe(ORDERS, new Start.New());
    publish(ORDERS, 1);
    client.awaitReceived(1);
    TestNode left = followed(ORDERS);
    TestNode other = left == first ? second : first;

    replica(left, ORDERS).loseTouch();
    publish(other, ORDERS, 1);

    client.awaitReceived(2);
    assertThat(client.ids()).containsExactly(1, 2);
  }

  @Test
  void reservedIdsAreLearntWithoutAMessage() {
    ReceivingClient client =
        ReceivingClient.fast(loop).subscribe(outside.delivery, ORDERS, new Start.New(), true);
    for (TestNode node : List.of(first, second)) {
      replica(node, ORDERS).reserve(ORDERS, 7).join();
    }

    ReceivingClient.awaitUntil(
        () -> client.progress().stream().anyMatch(progress -> progress.headId() == 7));
  }

  @Test
  void thousandsOfSubjectsAreFollowed() {
    List<Subject> subjects =
        IntStream.range(0, 3_000).mapToObj(i -> new Subject("subject." + i)).toList();
    List<ReceivingClient> clients = new ArrayList<>();
    for (Subject subject : subjects) {
      clients.add(subscribe(subject, new Start.New()));
    }

    for (Subject subject : subjects) {
      publish(subject, 1);
    }

    clients.forEach(client -> client.awaitReceived(1));
    clients.forEach(ReceivingClient::cancel);
    ReceivingClient.awaitUntil(
        () ->
            outside.delivery.subscribedSubjects() == 0
                && first.delivery.subscribedSubjects() == 0
                && second.delivery.subscribedSubjects() == 0);
  }

  @Test
  void replicaThatBeginsAndCeasesToServeLosesAndRepeatsNothing() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    ReceivingClient client = subscribe(ORDERS, new Start.New());
    int published = 0;
    int applied = 0;
    boolean serves = false;
    while (published < 2_000) {
      int count = 1 + random.nextInt(20);
      publish(ORDERS, count);
      published += count;
      if (serves) {
        // It may be behind, as a replica may, and be told late.
        int more = random.nextInt(published - applied + 1);
        apply(more);
        applied += more;
      }
      if (random.nextInt(5) == 0) {
        serves = !serves;
        if (serves && random.nextBoolean()) {
          apply(published - applied);
          applied = published;
        }
        outside.serve(ORDERS, serves);
      }
    }
    outside.serve(ORDERS, true);
    apply(published - applied);

    client.awaitReceived(published);
    assertThat(client.ids()).as("seed %d", seed).isEqualTo(ids(published));
  }

  @Test
  void questionsAreAnsweredAsByAReplicaOfItsOwn() {
    publish(ORDERS, 5);
    Shard shard = outside.shards.of(ORDERS);
    for (TestNode node : List.of(first, second)) {
      replica(node, ORDERS).update(ORDERS, new SettingsChange(null, 10, 100L, null, null)).join();
      replica(node, ORDERS).reserve(ORDERS, 2).join();
    }

    StoredMessage third = shard.fetch(ORDERS, 3).join();
    assertThat(third.id()).isEqualTo(3);
    assertThat(third.frame()).isIn(frame(first, 3), frame(second, 3));
    assertThat(reason(() -> shard.fetch(ORDERS, 6).join())).isEqualTo(Reason.ID_RESERVED);
    assertThat(reason(() -> shard.fetch(ORDERS, 8).join())).isEqualTo(Reason.ID_NOT_PUBLISHED);
    assertThat(shard.bounds(ORDERS, true).join()).isEqualTo(new SubjectBounds(1, 7));
    MessageRun run = shard.read(ORDERS, 2, 1, 7).join();
    assertThat(run.messages()).extracting(StoredMessage::id).containsExactly(2L);
    assertThat(run.completeTo()).isEqualTo(2);
    assertThat(shard.firstIdAtOrAfter(ORDERS, 0).join()).isEqualTo(1);
    assertThat(shard.firstIdAtOrAfter(ORDERS, Long.MAX_VALUE).join())
        .isEqualTo(replica(first, ORDERS).firstIdAtOrAfter(ORDERS, Long.MAX_VALUE).join());
    DescribedSubject known = shard.describe(ORDERS).join();
    assertThat(known).isNotNull();
    assertThat(known.settings().maxBodyBytes()).isEqualTo(10);
    assertThat(known.settings().maxMessages()).isEqualTo(100);
    assertThat(known.state().lastId()).isEqualTo(7);
    assertThat(known.state()).isIn(state(first), state(second));
    assertThat(shard.describe(new Subject("unknown")).join()).isNull();
    assertThat(shard.subjects("ord", "", 10).join())
        .extracting(DescribedSubject::subject)
        .containsExactly(ORDERS);
    ReceivingClient.awaitUntil(() -> shard.settings(ORDERS).maxBodyBytes() == 10);
    assertThat(shard.publish(List.of(message())).join().id(0)).isEqualTo(8);
  }

  @Test
  void readsGoOnAtTheOtherReplicaAndSayInTimeThatThereIsNone() {
    publish(ORDERS, 1);
    Shard shard = outside.shards.of(ORDERS);
    assertThat(shard.fetch(ORDERS, 1).join().id()).isEqualTo(1);

    close(first);
    assertThat(shard.fetch(ORDERS, 1).join().id()).isEqualTo(1);
    close(second);

    assertThat(shard.fetch(ORDERS, 1))
        .failsWithin(Duration.ofMillis(3 * OutsideNode.PATIENCE_MILLIS))
        .withThrowableThat()
        .withCauseInstanceOf(BrokerException.class)
        .withMessageContaining("no replica of shard " + shard.number() + " answered");
  }

  private ReceivingClient subscribe(Subject subject, Start start) {
    return ReceivingClient.fast(loop).subscribe(outside.delivery, subject, start);
  }

  /** The node at which the outside one follows a subject. */
  private TestNode followed(Subject subject) {
    int shard = outside.shards.of(subject).number();
    assertThat(shard).isBetween(0, SHARDS - 1);
    return first.delivery.subscribedSubjects() > 0 ? first : second;
  }

  private static void close(TestNode node) {
    try {
      node.server.close(Duration.ZERO);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private ReplicaOfOne replica(TestNode node, Subject subject) {
    return node.replicas.get(outside.shards.of(subject).number());
  }

  private void publish(Subject subject, int count) {
    publish(first, subject, count);
    publish(second, subject, count);
  }

  private void publish(TestNode node, Subject subject, int count) {
    List<NewMessage> messages = IntStream.range(0, count).mapToObj(i -> message(subject)).toList();
    replica(node, subject).publish(messages).join();
  }

  private void apply(int count) {
    if (count > 0) {
      outside.apply(ORDERS, IntStream.range(0, count).mapToObj(i -> message(ORDERS)).toList());
    }
  }

  private byte[] frame(TestNode node, long id) {
    return replica(node, ORDERS).fetch(ORDERS, id).join().frame();
  }

  private Object state(TestNode node) {
    DescribedSubject known = replica(node, ORDERS).describe(ORDERS).join();
    return known == null ? "unknown" : known.state();
  }

  private static NewMessage message() {
    return message(ORDERS);
  }

  private static NewMessage message(Subject subject) {
    return new NewMessage(subject, ByteString.copyFromUtf8("m"), 0, Map.of(), null);
  }

  private static long[] ids(long to) {
    return LongStream.rangeClosed(1, to).toArray();
  }

  private static Reason reason(Runnable refused) {
    try {
      refused.run();
    } catch (CompletionException e) {
      if (e.getCause() instanceof BrokerException refusal) {
        return refusal.reason();
      }
      throw e;
    }
    throw new AssertionError("it was not refused");
  }
}
