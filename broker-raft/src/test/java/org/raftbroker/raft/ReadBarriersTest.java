package org.raftbroker.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

final class ReadBarriersTest {
  private final List<CompletableFuture<Void>> begun = new ArrayList<>();

  @Test
  void thoseWhoComeMeanwhileShareTheNextOne() {
    ReadBarriers barriers = new ReadBarriers(this::begin);

    CompletableFuture<Void> first = barriers.await();
    CompletableFuture<Void> second = barriers.await();
    CompletableFuture<Void> third = barriers.await();

    assertThat(begun).hasSize(1);
    begun.get(0).complete(null);
    assertThat(first).isCompleted();
    assertThat(begun).hasSize(2);
    assertThat(second).isNotDone();
    begun.get(1).complete(null);
    assertThat(second).isCompleted();
    assertThat(third).isCompleted();
  }

  @Test
  void oneThatFailsDoesNotHoldUpTheNext() {
    ReadBarriers barriers = new ReadBarriers(this::begin);
    CompletableFuture<Void> first = barriers.await();
    CompletableFuture<Void> second = barriers.await();

    begun.get(0).completeExceptionally(new IllegalStateException("no majority"));

    assertThat(first).isCompletedExceptionally();
    assertThat(second).isNotDone();
    begun.get(1).complete(null);
    assertThat(second).isCompleted();
  }

  private CompletableFuture<Void> begin() {
    CompletableFuture<Void> barrier = new CompletableFuture<>();
    begun.add(barrier);
    return barrier;
  }
}
