package org.raftbroker.server.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.proto.BroadcastResponse;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.raft.Shard;
import org.raftbroker.raft.command.Command.AppendBatch;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.server.grpc.HeldShard;
import org.raftbroker.server.grpc.TestNode;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.Presence;
import org.raftbroker.server.membership.ReportedMembership;
import org.raftbroker.storage.Outcome;

/** Two nodes and what lies between them. */
final class PeerConnectionsTest {
  private static final Subject ORDERS = new Subject("orders");
  private static final PeerConfig IMPATIENT =
      new PeerConfig(
          Duration.ofSeconds(1),
          Duration.ofMillis(50),
          Duration.ofMillis(300),
          Duration.ofMillis(300),
          Duration.ofSeconds(1),
          Duration.ofSeconds(10),
          Duration.ofSeconds(3));

  @TempDir Path directory;
  private final Member first = TestNode.member("n1");
  private final Member second = TestNode.member("n2");
  private final List<TestNode> nodes = new ArrayList<>();
  private final List<HeldShard> held = new ArrayList<>();
  private TestNode here;

  @BeforeEach
  void startOne() {
    here = start("n1", PeerConfig.DEFAULT, UnaryOperator.identity());
  }

  @AfterEach
  void stop() {
    held.forEach(HeldShard::release);
    nodes.forEach(TestNode::close);
  }

  @Test
  void forwardedSubmissionsAreAnsweredAndKeepTheirOrder() throws Exception {
    start("n2", PeerConfig.DEFAULT, UnaryOperator.identity());
    List<CompletableFuture<List<Outcome>>> answers = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      answers.add(here.peers.forward("n2", 0, List.of(submission("a" + i), submission("b" + i))));
    }

    for (int i = 0; i < 1000; i++) {
      List<Outcome> outcomes = get(answers.get(i));
      assertThat(outcomes)
          .extracting(outcome -> outcome.id(0))
          .containsExactly(2L * i + 1, 2L * i + 2);
    }
  }

  @Test
  void forwardingOutlivesTheClientsCallThatItBeganIn() throws Exception {
    start("n2", PeerConfig.DEFAULT, UnaryOperator.identity());
    Context.CancellableContext call = Context.current().withCancellation();
    get(call.call(() -> here.peers.forward("n2", 0, List.of(submission("a")))));
    call.cancel(null);
    CompletableFuture<List<Outcome>> second = here.peers.forward("n2", 0, List.of(submission("b")));

    assertThat(get(second).get(0).id(0)).isEqualTo(2);
  }

  @Test
  void refusalOfThePeerFailsItsCallOnly() throws Exception {
    start("n2", PeerConfig.DEFAULT, UnaryOperator.identity());
    CompletableFuture<List<Outcome>> bad = here.peers.forward("n2", 99, List.of(submission("a")));
    CompletableFuture<List<Outcome>> good = here.peers.forward("n2", 0, List.of(submission("a")));

    assertThatThrownBy(() -> get(bad)).hasMessageContaining("peer n2 refused");
    assertThat(get(good).get(0).id(0)).isEqualTo(1);
  }

  @Test
  void peerThatIsDownFailsCallsAtOnceAndIsFoundSoonAfterItIsUp() throws Exception {
    assertThatThrownBy(() -> get(here.peers.forward("n2", 0, List.of(submission("a")))))
        .hasMessageContaining("UNAVAILABLE");
    start("n2", PeerConfig.DEFAULT, UnaryOperator.identity());

    Awaitility.await()
        .atMost(2, TimeUnit.SECONDS)
        .pollInterval(50, TimeUnit.MILLISECONDS)
        .ignoreExceptions()
        .until(() -> get(here.peers.forward("n2", 0, List.of(submission("a")))).size() == 1);
  }

  @Test
  void brokenConnectionFailsWhatIsUnderWay() throws Exception {
    TestNode there = start("n2", PeerConfig.DEFAULT, this::hold);
    CompletableFuture<List<Outcome>> one = here.peers.forward("n2", 0, List.of(submission("a")));
    CompletableFuture<List<Outcome>> two = here.peers.forward("n2", 1, List.of(submission("a")));
    Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> heldMessages() == 2);

    there.server.close(Duration.ZERO);

    assertThatThrownBy(() -> get(one)).hasMessageContaining("forwarding to peer n2 ended");
    assertThatThrownBy(() -> get(two)).hasMessageContaining("forwarding to peer n2 ended");
  }

  /** A call on a stream that was cancelled just now is one more that fails, not a defect. */
  @Test
  void callsThatMeetAStreamBeingGivenUpFailLikeTheOthers() throws Exception {
    TestNode impatient = start("n2", IMPATIENT, UnaryOperator.identity());
    here.close();
    nodes.remove(here);
    here = start("n1", PeerConfig.DEFAULT, this::hold);
    long end = System.nanoTime() + 3 * IMPATIENT.forwardTimeout().toNanos();
    List<CompletableFuture<List<Outcome>>> calls = new ArrayList<>();
    while (System.nanoTime() < end) {
      calls.add(impatient.peers.forward("n1", 0, List.of(submission("a"))));
    }

    for (CompletableFuture<List<Outcome>> call : calls) {
      assertThatThrownBy(() -> get(call)).hasMessageContaining("forwarding to peer n1 ended");
    }
  }

  @Test
  void peerThatDoesNotAnswerIsGivenUp() throws Exception {
    TestNode impatient = start("n2", IMPATIENT, UnaryOperator.identity());
    here.close();
    nodes.remove(here);
    here = start("n1", PeerConfig.DEFAULT, this::hold);
    CompletableFuture<List<Outcome>> call =
        impatient.peers.forward("n1", 0, List.of(submission("a")));

    assertThatThrownBy(() -> get(call)).hasMessageContaining("peers.forwardTimeout");
    // The next one is on a stream of its own.
    held.forEach(HeldShard::release);
    assertThat(get(impatient.peers.forward("n1", 0, List.of(submission("b"))))).hasSize(1);
  }

  @Test
  void nobodyIsReachedOutsideOfTheMembershipOrAfterTheEnd() {
    assertThatThrownBy(() -> get(here.peers.forward("n9", 0, List.of(submission("a")))))
        .hasMessageContaining("n9");
    here.peers.close();
    assertThatThrownBy(() -> get(here.peers.forward("n2", 0, List.of(submission("a")))))
        .hasMessageContaining("stopping");
  }

  @Test
  void oneThatMovedIsReachedAtItsNewAddress() throws Exception {
    TestNode there = start("n2", PeerConfig.DEFAULT, UnaryOperator.identity());
    ReportedMembership membership = new ReportedMembership(first);
    PeerConnections peers =
        new PeerConnections(membership, TestNode.SECRET, PeerConfig.DEFAULT, here.loops);
    Member nowhere = TestNode.member("n2");
    membership.report(nowhere, Presence.UP);
    assertThatThrownBy(() -> get(peers.forward("n2", 0, List.of(submission("a")))))
        .hasMessageContaining("UNAVAILABLE");

    membership.report(nowhere, Presence.FAILED);
    membership.report(second, Presence.UP);

    assertThat(get(peers.forward("n2", 0, List.of(submission("a"))))).hasSize(1);
    assertThat(there.port()).isEqualTo(second.grpc().port());
    membership.report(second, Presence.LEFT);
    assertThat(peers.peers()).isEmpty();
    peers.close();
  }

  @Test
  void broadcastReachesSubscribersOfEveryNodeAndCountsTheNodesThatItDoesNot() throws Exception {
    TestNode there = start("n2", PeerConfig.DEFAULT, UnaryOperator.identity());
    LinkedBlockingQueue<MessageResponse> received = new LinkedBlockingQueue<>();
    subscribe(here, received);
    subscribe(there, received);
    PublishRequest message =
        PublishRequest.newBuilder()
            .setSubject("orders")
            .setBody(ByteString.copyFromUtf8("now"))
            .putHeaders("k", "v")
            .build();

    BroadcastResponse both = here.broker().broadcast(message);

    assertThat(both.getReached()).isEqualTo(2);
    assertThat(both.getUnreachableNodes()).isZero();
    for (int i = 0; i < 2; i++) {
      MessageResponse got = received.poll(10, TimeUnit.SECONDS);
      assertThat(got).isNotNull();
      assertThat(got.getId()).isZero();
      assertThat(got.getBody().toStringUtf8()).isEqualTo("now");
      assertThat(got.getHeadersMap()).containsEntry("k", "v");
    }

    there.server.close(Duration.ZERO);
    BroadcastResponse one = here.broker().broadcast(message);
    assertThat(one.getAck()).isTrue();
    assertThat(one.getReached()).isEqualTo(1);
    assertThat(one.getUnreachableNodes()).isEqualTo(1);
  }

  @Test
  void broadcastsGoToNodesWithSubscribersAndToThoseOfWhichNothingIsKnown() throws Exception {
    assertThat(here.interestTable.mayHave("n2", ORDERS)).as("before it has said anything").isTrue();
    TestNode there = start("n2", PeerConfig.DEFAULT, UnaryOperator.identity());
    there.interests.start();
    Awaitility.await()
        .atMost(10, TimeUnit.SECONDS)
        .until(() -> !here.interestTable.mayHave("n2", ORDERS));

    ClientCall<SubscribeRequest, MessageResponse> call = subscribeAndAwaitHeaders(there);
    assertThat(here.interestTable.mayHave("n2", ORDERS)).as("once it is in place").isTrue();
    assertThat(here.interestTable.mayHave("n2", new Subject("invoices"))).isFalse();
    assertThat(here.broker().broadcast(broadcast()).getReached()).isEqualTo(1);

    call.cancel("has seen enough", null);
    Awaitility.await()
        .atMost(10, TimeUnit.SECONDS)
        .until(() -> !here.interestTable.mayHave("n2", ORDERS));
    assertThat(here.broker().broadcast(broadcast()).getReached()).isZero();
    there.close();
    nodes.remove(there);
    Awaitility.await()
        .atMost(10, TimeUnit.SECONDS)
        .until(() -> here.interestTable.mayHave("n2", ORDERS));
    assertThat(here.broker().broadcast(broadcast()).getUnreachableNodes()).isEqualTo(1);
  }

  /** Peers keep streams open for as long as they can, and would be waited for in vain. */
  @Test
  void nodeThatStopsDoesNotWaitForItsPeers() throws Exception {
    TestNode there = start("n2", PeerConfig.DEFAULT, UnaryOperator.identity());
    there.interests.start();
    Awaitility.await()
        .atMost(10, TimeUnit.SECONDS)
        .until(() -> !here.interestTable.mayHave("n2", ORDERS));
    get(there.peers.forward("n1", 0, List.of(submission("a"))));

    here.peerService.endStreams();

    assertThat(here.server.close(Duration.ofSeconds(10))).as("ended by themselves").isTrue();
  }

  private static ClientCall<SubscribeRequest, MessageResponse> subscribeAndAwaitHeaders(
      TestNode node) throws Exception {
    CompletableFuture<Void> inPlace = new CompletableFuture<>();
    ClientCall<SubscribeRequest, MessageResponse> call =
        node.channel().newCall(BrokerGrpc.getSubscribeMethod(), CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onHeaders(Metadata headers) {
            inPlace.complete(null);
          }
        },
        new Metadata());
    call.request(10);
    call.sendMessage(SubscribeRequest.newBuilder().setSubject("orders").build());
    call.halfClose();
    get(inPlace);
    return call;
  }

  private static PublishRequest broadcast() {
    return PublishRequest.newBuilder().setSubject("orders").build();
  }

  private TestNode start(String id, PeerConfig config, UnaryOperator<Shard> around) {
    Path own = directory.resolve("start" + nodes.size() + held.size());
    TestNode node = TestNode.of(own, id, List.of(first, second), config, around);
    nodes.add(node);
    return node;
  }

  private Shard hold(Shard shard) {
    HeldShard around = new HeldShard(shard);
    held.add(around);
    return around;
  }

  private int heldMessages() {
    return held.stream().mapToInt(HeldShard::heldMessages).sum();
  }

  private static void subscribe(TestNode node, LinkedBlockingQueue<MessageResponse> received) {
    node.asyncBroker()
        .subscribe(
            SubscribeRequest.newBuilder().setSubject("orders").build(),
            new StreamObserver<>() {
              @Override
              public void onNext(MessageResponse message) {
                received.add(message);
              }

              @Override
              public void onError(Throwable ended) {}

              @Override
              public void onCompleted() {}
            });
    Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> node.delivery.subscriptions() == 1);
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(10, TimeUnit.SECONDS);
  }

  private static Submission submission(String body) {
    return new Submission(
        Submission.NO_ORIGIN,
        0,
        new AppendBatch(
            List.of(new NewMessage(ORDERS, ByteString.copyFromUtf8(body), 0, Map.of(), null))));
  }
}
