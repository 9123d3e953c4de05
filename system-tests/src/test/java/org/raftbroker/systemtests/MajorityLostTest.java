package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.raftbroker.proto.BrokerGrpc.BrokerBlockingStub;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.IncIdxRequest;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.systemtests.cluster.LocalCluster;

/**
 * Two of three nodes are gone: what is left refuses, in time, and needs nobody's help to recover.
 */
@Tag("system")
@SharedCluster.Usual
class MajorityLostTest {
  /**
   * Longer than an election that nobody wins and the patience of the survivor: after these it
   * refuses by itself. A shorter deadline is answered just before it is over, which a busy machine
   * may turn into DEADLINE_EXCEEDED.
   */
  private static final Duration DEADLINE = Duration.ofSeconds(9);

  private static final Duration RECOVERY_BOUND = Duration.ofSeconds(30);

  @Test
  void survivorAnswersUnavailableWithinTheCallersDeadline(LocalCluster cluster) {
    cluster.node(2).kill();
    cluster.node(3).kill();

    // The first calls come before the survivor has noticed, the last ones after. More subjects than
    // shards: some that the survivor led, some that it did not.
    for (int i = 0; i < 6; i++) {
      String subject = "majority-lost." + i;
      assertThat(Refusal.of(() -> survivor(cluster).publish(publish(subject, "lost?"))))
          .as("publish on %s", subject)
          .returns(Status.Code.UNAVAILABLE, Refusal::code)
          .returns("NO_QUORUM", Refusal::reason);
    }
    IncIdxRequest reserve = IncIdxRequest.newBuilder().setSubject("majority-lost.0").build();
    assertThat(Refusal.of(() -> survivor(cluster).incIdx(reserve)))
        .returns(Status.Code.UNAVAILABLE, Refusal::code);
    FetchRequest fetch = FetchRequest.newBuilder().setSubject("majority-lost.0").setId(7).build();
    assertThat(Refusal.of(() -> survivor(cluster).fetch(fetch)))
        .returns(Status.Code.UNAVAILABLE, Refusal::code);
  }

  @Test
  void clusterServesAgainOnceAMajorityIsBack(LocalCluster cluster) {
    cluster.node(1).kill();
    cluster.node(3).kill();
    Refusal refusal =
        Refusal.of(
            () ->
                cluster.client(2).broker(DEADLINE).publish(publish("majority-lost.back", "lost?")));
    assertThat(refusal.code()).isEqualTo(Status.Code.UNAVAILABLE);

    cluster.restart(3);

    Awaitility.await("publishing at the node that was always there")
        .atMost(RECOVERY_BOUND)
        .ignoreExceptions()
        .until(() -> cluster.client(2).publish("majority-lost.back", "there") > 0);
  }

  private static BrokerBlockingStub survivor(LocalCluster cluster) {
    return cluster.client(1).broker(DEADLINE);
  }

  private static PublishRequest publish(String subject, String body) {
    return PublishRequest.newBuilder()
        .setSubject(subject)
        .setBody(ByteString.copyFromUtf8(body))
        .build();
  }
}
