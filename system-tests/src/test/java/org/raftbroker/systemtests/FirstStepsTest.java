package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.raftbroker.proto.BroadcastResponse;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.BrokerGrpc.BrokerBlockingStub;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.IncIdxRequest;
import org.raftbroker.proto.MessageBatch;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.proto.admin.Member;
import org.raftbroker.proto.admin.NodeDescription;
import org.raftbroker.proto.admin.Replica;
import org.raftbroker.proto.admin.TransferLeadershipRequest;
import org.raftbroker.systemtests.cluster.LocalCluster;

/** What a newcomer tries: everything once, always at another node than before. */
@Tag("system")
@SharedCluster.Usual
class FirstStepsTest {
  private static final Duration DEADLINE = Duration.ofSeconds(10);

  @Test
  void idsAreTheSameWhereverOnePublishesAndFetches(LocalCluster cluster) {
    String subject = "first-steps.orders";
    List<Long> ids = new ArrayList<>();
    for (int n : List.of(1, 2, 3, 3, 2, 1)) {
      ids.add(cluster.client(n).publish(subject, "message " + (ids.size() + 1)));
    }

    assertThat(ids).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
    for (int n = 1; n <= cluster.size(); n++) {
      for (long id : ids) {
        assertThat(fetch(cluster, n, subject, id).getBody().toStringUtf8())
            .isEqualTo("message " + id);
      }
    }
  }

  @Test
  void messageIsTheSameOnEveryNode(LocalCluster cluster) {
    String subject = "first-steps.fields";
    cluster.client(1).publish(subject, "before");
    long earliest = System.currentTimeMillis() - 1_000;

    long id =
        broker(cluster, 2)
            .publish(
                message(subject, "body")
                    .setExpirationSeconds(3_600)
                    .putHeaders("trace", "4711")
                    .putHeaders("type", "order")
                    .build())
            .getId();

    MessageResponse fetched = fetch(cluster, 3, subject, id);
    assertThat(fetched.getSubject()).isEqualTo(subject);
    assertThat(fetched.getId()).isEqualTo(2);
    assertThat(fetched.getPreviousId()).isEqualTo(1);
    assertThat(fetched.getHeadersMap())
        .containsEntry("trace", "4711")
        .containsEntry("type", "order")
        .hasSize(2);
    assertThat(fetched.getPublishedAtMillis())
        .isBetween(earliest, System.currentTimeMillis() + 1_000);
    assertThat(fetched.getExpiresAtMillis()).isEqualTo(fetched.getPublishedAtMillis() + 3_600_000);
    assertThat(fetch(cluster, 1, subject, id)).isEqualTo(fetched);
    assertThat(fetch(cluster, 2, subject, id)).isEqualTo(fetched);
  }

  @Test
  void subscribersOnEveryNodeGetEveryMessage(LocalCluster cluster) throws InterruptedException {
    SubscribeRequest request = subscribe("first-steps.everywhere").build();
    try (Inbox<MessageResponse> one = subscribe(cluster, 1, request);
        Inbox<MessageResponse> two = subscribe(cluster, 2, request);
        Inbox<MessageResponse> three = subscribe(cluster, 3, request)) {
      for (int n = 1; n <= cluster.size(); n++) {
        cluster.client(n).publish("first-steps.everywhere", "from " + n);
      }

      for (Inbox<MessageResponse> inbox : List.of(one, two, three)) {
        for (int n = 1; n <= cluster.size(); n++) {
          MessageResponse next = inbox.take();
          assertThat(next.getId()).isEqualTo(n);
          assertThat(next.getBody().toStringUtf8()).isEqualTo("from " + n);
        }
      }
    }
  }

  @Test
  void subscriberMayStartFromAnIdATimeOrTheEarliestMessage(LocalCluster cluster)
      throws InterruptedException {
    String subject = "first-steps.starts";
    for (int i = 1; i <= 5; i++) {
      cluster.client(1).publish(subject, "message " + i);
    }
    long timeOfFour = fetch(cluster, 1, subject, 4).getPublishedAtMillis();

    assertThat(firstId(cluster, 2, subscribe(subject).setFromId(3))).isEqualTo(3);
    assertThat(firstId(cluster, 3, subscribe(subject).setFromEarliest(true))).isEqualTo(1);
    long first = firstId(cluster, 1, subscribe(subject).setFromTimeMillis(timeOfFour));
    assertThat(fetch(cluster, 1, subject, first).getPublishedAtMillis()).isEqualTo(timeOfFour);
    assertThat(first).isLessThanOrEqualTo(4);
  }

  @Test
  void subscriberThatAsksForProgressLearnsTheHead(LocalCluster cluster)
      throws InterruptedException {
    cluster.client(1).publish("first-steps.progress", "one");
    SubscribeRequest request =
        subscribe("first-steps.progress").setFromEarliest(true).setProgress(true).build();

    try (Inbox<MessageResponse> inbox = subscribe(cluster, 2, request)) {
      MessageResponse frame = inbox.take();
      while (!frame.hasProgress() || frame.getProgress().getHeadId() < 1) {
        frame = inbox.take();
      }
      assertThat(frame.getProgress().getHeadId()).isEqualTo(1);
      assertThat(frame.getId()).isZero();
    }
  }

  @Test
  void batchesCarryTheSameMessages(LocalCluster cluster) throws InterruptedException {
    String subject = "first-steps.batches";
    List<MessageResponse> expected = new ArrayList<>();
    for (int i = 1; i <= 20; i++) {
      expected.add(fetch(cluster, 1, subject, cluster.client(3).publish(subject, "message " + i)));
    }
    SubscribeRequest request = subscribe(subject).setFromEarliest(true).build();

    try (Inbox<MessageBatch> inbox =
        Inbox.open(cluster.client(2), BrokerGrpc.getSubscribeBatchesMethod(), request)) {
      List<MessageResponse> got = new ArrayList<>();
      while (got.size() < expected.size()) {
        got.addAll(inbox.take().getMessagesList());
      }
      assertThat(got).isEqualTo(expected);
    }
  }

  @Test
  void broadcastReachesSubscribersOnAllNodesAndStoresNothing(LocalCluster cluster)
      throws InterruptedException {
    String subject = "first-steps.broadcast";
    SubscribeRequest request = subscribe(subject).build();
    try (Inbox<MessageResponse> one = subscribe(cluster, 1, request);
        Inbox<MessageResponse> two = subscribe(cluster, 2, request);
        Inbox<MessageResponse> alsoTwo = subscribe(cluster, 2, request);
        Inbox<MessageResponse> three = subscribe(cluster, 3, request)) {
      BroadcastResponse response =
          broker(cluster, 1).broadcast(message(subject, "to all of you").build());

      assertThat(response.getAck()).isTrue();
      assertThat(response.getReached()).isEqualTo(4);
      assertThat(response.getUnreachableNodes()).isZero();
      for (Inbox<MessageResponse> inbox : List.of(one, two, alsoTwo, three)) {
        MessageResponse got = inbox.take();
        assertThat(got.getBody().toStringUtf8()).isEqualTo("to all of you");
        assertThat(got.getId()).isZero();
      }
      assertThat(cluster.client(2).publish(subject, "stored")).isEqualTo(1);
      assertThat(three.take().getId()).isEqualTo(1);
    }
  }

  @Test
  void reservedIdsHaveNoMessageAndAreSkipped(LocalCluster cluster) throws InterruptedException {
    String subject = "first-steps.reserved";
    cluster.client(1).publish(subject, "one");

    assertThat(incIdx(cluster, 2, subject, 0)).isEqualTo(2);
    assertThat(incIdx(cluster, 3, subject, 5)).isEqualTo(7);
    assertThat(cluster.client(1).publish(subject, "eight")).isEqualTo(8);

    Refusal refusal = Refusal.of(() -> fetch(cluster, 2, subject, 5));
    assertThat(refusal.code()).isEqualTo(Status.Code.NOT_FOUND);
    assertThat(refusal.reason()).isEqualTo("ID_RESERVED");
    try (Inbox<MessageResponse> inbox =
        subscribe(cluster, 3, subscribe(subject).setFromId(1).build())) {
      assertThat(inbox.take().getId()).isEqualTo(1);
      MessageResponse eight = inbox.take();
      assertThat(eight.getId()).isEqualTo(8);
      assertThat(eight.getPreviousId()).isEqualTo(1);
    }
  }

  @Test
  void repeatWithTheSameKeyAnswersTheFirstId(LocalCluster cluster) {
    PublishRequest request =
        message("first-steps.keys", "once").setIdempotencyKey("order-1").build();

    long first = broker(cluster, 1).publish(request).getId();

    assertThat(broker(cluster, 2).publish(request).getId()).isEqualTo(first);
    assertThat(broker(cluster, 3).publish(request).getId()).isEqualTo(first);
    assertThat(cluster.client(1).publish("first-steps.keys", "other")).isEqualTo(first + 1);
  }

  @Test
  void expiredMessageIsUnreadableOnEveryNode(LocalCluster cluster) {
    String subject = "first-steps.expiring";
    long id =
        broker(cluster, 1)
            .publish(message(subject, "soon gone").setExpirationSeconds(2).build())
            .getId();
    assertThat(fetch(cluster, 2, subject, id).getBody().toStringUtf8()).isEqualTo("soon gone");

    for (int n = 1; n <= cluster.size(); n++) {
      int node = n;
      Awaitility.await("expiry at node " + n)
          .atMost(DEADLINE)
          .until(() -> isExpired(cluster, node, subject, id));
    }
    assertThat(cluster.client(3).publish(subject, "next")).isEqualTo(id + 1);
  }

  private static boolean isExpired(LocalCluster cluster, int n, String subject, long id) {
    try {
      fetch(cluster, n, subject, id);
      return false;
    } catch (StatusRuntimeException e) {
      Refusal refusal = Refusal.of(StatusProto.fromThrowable(e), e.getStatus());
      assertThat(refusal.code()).isEqualTo(Status.Code.NOT_FOUND);
      assertThat(refusal.reason()).isEqualTo("MESSAGE_EXPIRED");
      return true;
    }
  }

  @Test
  void clientOfTheOriginalContractWorksUnchanged(LocalCluster cluster) throws InterruptedException {
    String subject = "first-steps.original";
    var publisher =
        org.raftbroker.systemtests.original.BrokerGrpc.newBlockingStub(cluster.client(1).channel());
    var message =
        org.raftbroker.systemtests.original.PublishRequest.newBuilder()
            .setSubject(subject)
            .setBody(ByteString.copyFromUtf8("old and good"))
            .build();
    var subscribe =
        org.raftbroker.systemtests.original.SubscribeRequest.newBuilder()
            .setSubject(subject)
            .build();
    try (Inbox<org.raftbroker.systemtests.original.MessageResponse> inbox =
        Inbox.open(
            cluster.client(2),
            org.raftbroker.systemtests.original.BrokerGrpc.getSubscribeMethod(),
            subscribe)) {
      int id = publisher.publish(message).getId();

      assertThat(id).isEqualTo(1);
      assertThat(inbox.take().getBody()).isEqualTo(message.getBody());
      assertThat(
              publisher
                  .fetch(
                      org.raftbroker.systemtests.original.FetchRequest.newBuilder()
                          .setSubject(subject)
                          .setId(id)
                          .build())
                  .getBody())
          .isEqualTo(message.getBody());
      assertThat(publisher.broadcast(message).getAck()).isTrue();
      assertThat(inbox.take().getBody()).isEqualTo(message.getBody());
      assertThat(
              publisher
                  .incIdx(
                      org.raftbroker.systemtests.original.IncIdxRequest.newBuilder()
                          .setSubject(subject)
                          .build())
                  .getNewIdx())
          .isEqualTo(2);
    }
  }

  @Test
  void nodeDescribesItselfAndHandsLeadershipOver(LocalCluster cluster) {
    int leader = cluster.leaderOf(0);
    int other = leader % cluster.size() + 1;

    NodeDescription description = cluster.describe(other);
    assertThat(description.getReady()).isTrue();
    assertThat(description.getMembersList())
        .extracting(Member::getId)
        .containsExactly("n1", "n2", "n3");
    assertThat(description.getReplicasList())
        .extracting(Replica::getShard)
        .containsExactly(0, 1, 2);
    cluster
        .client(leader)
        .admin(DEADLINE)
        .transferLeadership(
            TransferLeadershipRequest.newBuilder()
                .setShard(0)
                .setToMemberId(cluster.node(other).id())
                .build());

    Awaitility.await("the other node leads")
        .atMost(DEADLINE)
        .until(() -> cluster.leaderOf(0) == other);
  }

  @Test
  void operatorSeesHealthAndMetrics(LocalCluster cluster) {
    cluster.client(1).publish("first-steps.metrics", "counted");

    assertThat(cluster.node(1).httpStatus("/healthz")).isEqualTo(200);
    assertThat(cluster.node(1).httpStatus("/readyz")).isEqualTo(200);
    assertThat(cluster.node(1).httpBody("/metrics"))
        .containsPattern("(?m)^broker_messages_published_total\\S* [1-9]");
    assertThat(
            HealthGrpc.newBlockingStub(cluster.client(1).channel())
                .check(HealthCheckRequest.newBuilder().setService("broker.Broker").build())
                .getStatus())
        .isEqualTo(ServingStatus.SERVING);
  }

  private static BrokerBlockingStub broker(LocalCluster cluster, int n) {
    return cluster.client(n).broker(DEADLINE);
  }

  private static PublishRequest.Builder message(String subject, String body) {
    return PublishRequest.newBuilder().setSubject(subject).setBody(ByteString.copyFromUtf8(body));
  }

  private static MessageResponse fetch(LocalCluster cluster, int n, String subject, long id) {
    return broker(cluster, n)
        .fetch(FetchRequest.newBuilder().setSubject(subject).setId(id).build());
  }

  private static long incIdx(LocalCluster cluster, int n, String subject, int count) {
    return broker(cluster, n)
        .incIdx(IncIdxRequest.newBuilder().setSubject(subject).setCount(count).build())
        .getNewIdx();
  }

  private static SubscribeRequest.Builder subscribe(String subject) {
    return SubscribeRequest.newBuilder().setSubject(subject);
  }

  private static Inbox<MessageResponse> subscribe(
      LocalCluster cluster, int n, SubscribeRequest request) {
    return Inbox.open(cluster.client(n), BrokerGrpc.getSubscribeMethod(), request);
  }

  private static long firstId(LocalCluster cluster, int n, SubscribeRequest.Builder request)
      throws InterruptedException {
    try (Inbox<MessageResponse> inbox = subscribe(cluster, n, request.build())) {
      return inbox.take().getId();
    }
  }
}
