package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.raftbroker.proto.BroadcastResponse;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.IncIdxRequest;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.proto.admin.AdminGrpc.AdminBlockingStub;
import org.raftbroker.proto.admin.CreateSubjectRequest;
import org.raftbroker.proto.admin.DeleteSubjectRequest;
import org.raftbroker.proto.admin.DescribeSubjectRequest;
import org.raftbroker.proto.admin.ListSubjectsRequest;
import org.raftbroker.proto.admin.PurgeSubjectRequest;
import org.raftbroker.proto.admin.SubjectDescription;
import org.raftbroker.proto.admin.SubjectSettings;
import org.raftbroker.proto.admin.TransferLeadershipRequest;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.cluster.NodeClient;
import org.raftbroker.systemtests.load.Load;
import org.raftbroker.systemtests.load.LoadPlan;

/** Four nodes, one shard with replicas on the first three: the fourth serves it all the same. */
@Tag("system")
@SharedCluster.Shape(nodes = 4, shards = 1)
class NodeWithoutReplicaTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration BOUND = Duration.ofMinutes(1);
  private static final int OUTSIDE = 4;

  /** How many of the three replicas are killed, one after the other. */
  private static final int KILLED = Integer.getInteger("killedReplicas", 2);

  @Test
  void everyCallWorksThere(LocalCluster cluster) throws InterruptedException {
    assertThat(cluster.replica(OUTSIDE, 0)).as("its replica").isEmpty();
    leadershipGoesOnlyWhereThereIsAReplica(cluster);
    NodeClient outside = cluster.client(OUTSIDE);

    assertThat(outside.publish("orders", "m1")).isEqualTo(1);
    assertThat(cluster.client(1).publish("orders", "m2")).isEqualTo(2);
    assertThat(fetch(outside, "orders", 2)).as("acknowledged elsewhere before").isEqualTo("m2");
    assertThat(fetch(cluster.client(2), "orders", 1)).isEqualTo("m1");
    assertThat(Refusal.of(() -> fetch(outside, "orders", 99)))
        .returns(Status.Code.NOT_FOUND, Refusal::code)
        .returns("ID_NOT_PUBLISHED", Refusal::reason);
    try (Inbox<MessageResponse> fresh =
            subscribe(outside, SubscribeRequest.newBuilder().setSubject("orders").build());
        Inbox<MessageResponse> all =
            subscribe(
                outside,
                SubscribeRequest.newBuilder()
                    .setSubject("orders")
                    .setFromId(1)
                    .setProgress(true)
                    .build())) {
      assertThat(cluster.client(3).publish("orders", "m3")).isEqualTo(3);
      assertThat(
              outside
                  .broker(PATIENCE)
                  .incIdx(IncIdxRequest.newBuilder().setSubject("orders").setCount(10).build())
                  .getNewIdx())
          .isEqualTo(13);
      assertThat(outside.publish("orders", "m14")).isEqualTo(14);

      assertThat(ids(fresh, 2)).containsExactly(3L, 14L);
      assertThat(ids(all, 4)).containsExactly(1L, 2L, 3L, 14L);
      assertThat(Refusal.of(() -> fetch(outside, "orders", 5)).reason()).isEqualTo("ID_RESERVED");
      BroadcastResponse reached =
          cluster.client(1).broker(PATIENCE).broadcast(message("orders", "now"));
      assertThat(reached.getReached()).isEqualTo(2);
      assertThat(fresh.take().getBody().toStringUtf8()).isEqualTo("now");
    }
  }

  private static void leadershipGoesOnlyWhereThereIsAReplica(LocalCluster cluster) {
    TransferLeadershipRequest request =
        TransferLeadershipRequest.newBuilder().setToMemberId(cluster.node(OUTSIDE).id()).build();

    Refusal atTheLeader =
        Refusal.of(
            () -> cluster.client(cluster.leaderOf(0)).admin(PATIENCE).transferLeadership(request));
    assertThat(atTheLeader.reason()).isEqualTo("TRANSFER_FAILED");
    assertThat(atTheLeader.message()).contains("n1", "n2", "n3");
    Refusal outside =
        Refusal.of(() -> cluster.client(OUTSIDE).admin(PATIENCE).transferLeadership(request));
    assertThat(outside.reason()).isEqualTo("TRANSFER_FAILED");
    // Whom it last heard to lead; that one knows if it has changed since.
    assertThat(outside.message()).matches("this node has no replica of shard 0; ask n[123]");
  }

  @Test
  void subjectsAreAdministeredThere(LocalCluster cluster) {
    NodeClient outside = cluster.client(OUTSIDE);
    AdminBlockingStub admin = outside.admin(PATIENCE);

    SubjectDescription created =
        admin.createSubject(
            CreateSubjectRequest.newBuilder()
                .setSubject("admin.orders")
                .setSettings(SubjectSettings.newBuilder().setMaxBodyBytes(5))
                .build());
    assertThat(created.getSettings().getMaxBodyBytes()).isEqualTo(5);
    for (int i = 1; i <= 5; i++) {
      outside.publish("admin.orders", "m" + i);
    }
    assertThat(
            admin
                .purgeSubject(
                    PurgeSubjectRequest.newBuilder()
                        .setSubject("admin.orders")
                        .setUpToId(2)
                        .build())
                .getFirstId())
        .isEqualTo(3);
    SubjectDescription there =
        admin.describeSubject(
            DescribeSubjectRequest.newBuilder().setSubject("admin.orders").build());
    assertThat(there)
        .returns(5L, SubjectDescription::getLastId)
        .returns(3L, SubjectDescription::getFirstId)
        .returns(3L, SubjectDescription::getMessages);
    assertThat(
            admin
                .listSubjects(ListSubjectsRequest.newBuilder().setPrefix("admin.").build())
                .getSubjectsList()
                .stream()
                .map(SubjectDescription::getSubject))
        .containsExactly("admin.orders");
    assertThat(Refusal.of(() -> fetch(outside, "admin.orders", 1)).reason())
        .isEqualTo("MESSAGE_REMOVED");
    Awaitility.await("the limit is known there")
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(Refusal.of(() -> outside.publish("admin.orders", "too long")).reason())
                    .isEqualTo("BODY_TOO_LARGE"));
    admin.deleteSubject(DeleteSubjectRequest.newBuilder().setSubject("admin.orders").build());
    assertThat(
            Refusal.of(
                    () ->
                        admin.describeSubject(
                            DescribeSubjectRequest.newBuilder().setSubject("admin.orders").build()))
                .reason())
        .isEqualTo("SUBJECT_NOT_FOUND");
  }

  @Test
  void replicasKilledOneAfterTheOtherUnderLoadLoseNothing(
      LocalCluster cluster, TestReporter reporter) throws InterruptedException {
    // Order and loss show at any rate; at a higher one nodes take long to come back.
    LoadPlan plan = LoadPlan.mixed("outside").withMessagesPerSecond(40);
    try (Load load = Load.start(plan, cluster.clients(), 3)) {
      load.awaitAcknowledged(1_000, BOUND);

      // The leader, and both others: one of them is followed by the node that has no replica.
      for (int round = 0; round < KILLED; round++) {
        int killed = round == 0 ? cluster.killLeader(0) : killReplica(cluster, round);
        load.awaitAcknowledged(500, BOUND);
        assertThat(load.subscribersBrokenOff())
            .as("subscribers that lost their stream with a node that was not killed")
            .noneMatch(name -> name.contains(cluster.node(OUTSIDE).id()));
        cluster.restart(killed);
        load.awaitAcknowledged(500, BOUND);
      }
      Ending.good(load, reporter);
    }
  }

  private static int killReplica(LocalCluster cluster, int turn) {
    int leader = cluster.leaderOf(0);
    int replica = (leader - 1 + turn) % 3 + 1;
    cluster.node(replica).kill();
    return replica;
  }

  @Test
  void majorityOfTheReplicasLostIsSaidInTimeAndHealsByItself(LocalCluster cluster) {
    NodeClient outside = cluster.client(OUTSIDE);
    outside.publish("majority", "m1");
    cluster.node(2).kill();
    cluster.node(3).kill();

    for (int i = 0; i < 3; i++) {
      assertThat(
              Refusal.of(
                  () ->
                      outside.broker(Duration.ofSeconds(9)).publish(message("majority", "lost?"))))
          .returns(Status.Code.UNAVAILABLE, Refusal::code)
          .returns("NO_QUORUM", Refusal::reason);
    }
    assertThat(Refusal.of(() -> fetch(outside, "majority", 99)).code())
        .isEqualTo(Status.Code.UNAVAILABLE);
    cluster.node(2).start();
    Awaitility.await("publishing where there is no replica")
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> outside.publish("majority", "there") > 1);
  }

  private static String fetch(NodeClient node, String subject, long id) {
    return node.broker(PATIENCE)
        .fetch(FetchRequest.newBuilder().setSubject(subject).setId(id).build())
        .getBody()
        .toStringUtf8();
  }

  private static Inbox<MessageResponse> subscribe(NodeClient node, SubscribeRequest request) {
    return Inbox.open(node, BrokerGrpc.getSubscribeMethod(), request);
  }

  /** Of the next messages, without what is no message. */
  private static List<Long> ids(Inbox<MessageResponse> inbox, int count)
      throws InterruptedException {
    List<Long> ids = new ArrayList<>();
    while (ids.size() < count) {
      MessageResponse next = inbox.take();
      if (next.getId() > 0 && !next.getSubject().isEmpty()) {
        ids.add(next.getId());
      }
    }
    return ids;
  }

  private static PublishRequest message(String subject, String body) {
    return PublishRequest.newBuilder()
        .setSubject(subject)
        .setBody(ByteString.copyFromUtf8(body))
        .build();
  }
}
