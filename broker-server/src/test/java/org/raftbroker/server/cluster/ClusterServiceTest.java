package org.raftbroker.server.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.raftbroker.proto.cluster.AwaitMapRequest;
import org.raftbroker.proto.cluster.MapVersion;
import org.raftbroker.raft.placement.ClusterMap;
import org.raftbroker.raft.placement.ClusterMapCodec;

class ClusterServiceTest {
  private static final ClusterMap MAP = ClusterMap.of(3, 2, List.of());

  private final CurrentMap current = new CurrentMap(ClusterMap.of(3, 2, List.of()));
  private final ClusterService service =
      new ClusterService("n1", "disk", "terms", () -> true, TreeMap::new, current);

  @Test
  void whoKnowsAnOlderMapIsGivenTheNewOne() throws Exception {
    CompletableFuture<MapVersion> answer = ask(6);
    assertThat(answer).as("no news yet").isNotDone();

    current.offer(7, MAP);

    MapVersion news = answer.get(1, TimeUnit.SECONDS);
    assertThat(news.getVersion()).isEqualTo(7);
    assertThat(ClusterMapCodec.fromProto(news.getMap())).isEqualTo(MAP);
  }

  @Test
  void whoKnowsTheNewestMapHearsThatThereIsNoNewsAndIsNotSentItAgain() throws Exception {
    current.offer(7, MAP);

    MapVersion noNews = ask(7).get(2 * MapFollower.PATIENCE_MILLIS, TimeUnit.MILLISECONDS);

    assertThat(noNews.getVersion()).isEqualTo(7);
    assertThat(noNews.hasMap()).isFalse();
  }

  private CompletableFuture<MapVersion> ask(long afterVersion) {
    CompletableFuture<MapVersion> answer = new CompletableFuture<>();
    service.awaitMap(
        AwaitMapRequest.newBuilder().setAfterVersion(afterVersion).build(),
        new StreamObserver<>() {
          @Override
          public void onNext(MapVersion value) {
            answer.complete(value);
          }

          @Override
          public void onError(Throwable failure) {
            answer.completeExceptionally(failure);
          }

          @Override
          public void onCompleted() {}
        });
    return answer;
  }
}
