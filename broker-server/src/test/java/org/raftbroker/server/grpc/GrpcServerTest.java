package org.raftbroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.Status.Code;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.DescribeNodeRequest;
import org.raftbroker.proto.admin.NodeDescription;
import org.raftbroker.proto.admin.Replica;
import org.raftbroker.proto.peer.PeerGrpc;
import org.raftbroker.server.peer.ClusterSecret;

/** What the port offers beside the public service, and how it is taken down. */
final class GrpcServerTest {
  @TempDir Path directory;
  private TestNode node;

  @BeforeEach
  void start() {
    node = TestNode.alone(directory);
  }

  @AfterEach
  void stop() {
    node.close();
  }

  @Test
  void reflectionTellsTheContract() throws Exception {
    Received<ServerReflectionRequest, ServerReflectionResponse> answers = Received.all();
    StreamObserver<ServerReflectionRequest> requests =
        ServerReflectionGrpc.newStub(node.channel()).serverReflectionInfo(answers);

    requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    assertThat(answers.next().getListServicesResponse().getServiceList())
        .extracting(ServiceResponse::getName)
        .contains(
            "broker.Broker",
            "broker.admin.Admin",
            "grpc.health.v1.Health",
            "grpc.reflection.v1alpha.ServerReflection");
    requests.onNext(
        ServerReflectionRequest.newBuilder()
            .setFileContainingSymbol("broker.Broker.SubscribeBatches")
            .build());
    assertThat(answers.next().getFileDescriptorResponse().getFileDescriptorProto(0).toStringUtf8())
        .contains("broker.proto", "SubscribeBatches");
    requests.onCompleted();
    assertThat(answers.end()).isNull();
  }

  @Test
  void healthFollowsTheNode() throws Exception {
    assertThat(health("")).isEqualTo(ServingStatus.SERVING);
    assertThat(health("broker.Broker")).isEqualTo(ServingStatus.SERVING);
    Received<HealthCheckRequest, HealthCheckResponse> watch = Received.all();
    HealthGrpc.newStub(node.channel()).watch(HealthCheckRequest.getDefaultInstance(), watch);
    assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.SERVING);

    node.server.serving(false);
    assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
    assertThat(health("broker.Broker")).isEqualTo(ServingStatus.NOT_SERVING);

    node.server.serving(true);
    assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.SERVING);
    node.server.drain();
    assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
  }

  @Test
  void nodeDescribesItself() {
    node.broker().publish(PublishRequest.newBuilder().setSubject("orders").build());

    NodeDescription description =
        AdminGrpc.newBlockingStub(node.channel())
            .describeNode(DescribeNodeRequest.getDefaultInstance());

    assertThat(description.getCluster()).isEqualTo("test");
    assertThat(description.getNodeId()).isEqualTo("n1");
    assertThat(description.getReady()).isTrue();
    assertThat(description.getMembers(0).getGrpcAddress()).isEqualTo("127.0.0.1:" + node.port());
    assertThat(description.getReplicasList()).hasSize(3);
    assertThat(description.getReplicasList())
        .allMatch(replica -> replica.getRole() == Replica.Role.LEADER)
        .anyMatch(replica -> replica.getAppliedIndex() >= 0 && replica.getSubjects() == 1);
  }

  @Test
  void peersCallsNeedTheSecretOfTheCluster() {
    Refusal missing = Refusal.of(() -> deliverBroadcast(node.channel()));
    assertThat(missing.code()).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(missing.reason()).isEqualTo("NOT_A_PEER");
    Metadata wrong = new Metadata();
    wrong.put(ClusterSecret.KEY, "test-secreT");
    Refusal denied =
        Refusal.of(
            () ->
                deliverBroadcast(
                    ClientInterceptors.intercept(
                        node.channel(), MetadataUtils.newAttachHeadersInterceptor(wrong))));
    assertThat(denied.code()).isEqualTo(Code.PERMISSION_DENIED);
    assertThat(denied.reason()).isEqualTo("NOT_A_PEER");
    assertThat(denied.message()).doesNotContain("test-secret");
  }

  @Test
  void stoppingEndsSubscriptionsWithAStatusToRetryAndThenThePort() throws Exception {
    Received<SubscribeRequest, MessageResponse> subscriber = Received.all();
    node.asyncBroker()
        .subscribe(SubscribeRequest.newBuilder().setSubject("orders").build(), subscriber);
    Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> node.delivery.subscriptions() == 1);

    node.server.drain();
    assertThat(subscriber.hasEnded()).isFalse();
    node.delivery.endAll(new BrokerException(Reason.SHUTTING_DOWN, "this node is stopping"));

    Refusal end = Refusal.of(subscriber.end());
    assertThat(end.code()).isEqualTo(Code.UNAVAILABLE);
    assertThat(end.reason()).isEqualTo("SHUTTING_DOWN");
    assertThat(end.retryMillis()).isEqualTo(1000);
    assertThat(node.server.close(Duration.ofSeconds(10))).isTrue();
  }

  @Test
  void callsThatTakeTooLongAreCutOffWhenStopping() throws Exception {
    Received<SubscribeRequest, MessageResponse> subscriber = Received.all();
    node.asyncBroker()
        .subscribe(SubscribeRequest.newBuilder().setSubject("orders").build(), subscriber);
    Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> node.delivery.subscriptions() == 1);

    assertThat(node.server.close(Duration.ofMillis(50))).isFalse();

    assertThat(Refusal.of(subscriber.end()).code()).isIn(Code.UNAVAILABLE, Code.CANCELLED);
    Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> node.delivery.subscriptions() == 0);
  }

  private ServingStatus health(String service) {
    return HealthGrpc.newBlockingStub(node.channel())
        .check(HealthCheckRequest.newBuilder().setService(service).build())
        .getStatus();
  }

  private static void deliverBroadcast(Channel channel) {
    var unused =
        PeerGrpc.newBlockingStub(channel)
            .deliverBroadcast(PublishRequest.newBuilder().setSubject("orders").build());
  }
}
