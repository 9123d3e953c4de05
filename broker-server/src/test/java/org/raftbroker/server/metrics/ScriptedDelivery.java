package org.raftbroker.server.metrics;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.server.delivery.Delivery;
import org.raftbroker.server.delivery.Lag;
import org.raftbroker.server.delivery.Outbound;
import org.raftbroker.server.delivery.Start;
import org.raftbroker.server.delivery.Subscription;
import org.raftbroker.server.delivery.SubscriptionStatus;

/** A delivery of which only the numbers are real, and counted. */
final class ScriptedDelivery implements Delivery {
  private final int subscriptions;
  private final Lag lag;
  private final AtomicInteger asked = new AtomicInteger();

  ScriptedDelivery(int subscriptions, Lag lag) {
    this.subscriptions = subscriptions;
    this.lag = lag;
  }

  int asked() {
    return asked.get();
  }

  @Override
  public int subscriptions() {
    return subscriptions;
  }

  @Override
  public Lag lag() {
    asked.incrementAndGet();
    return lag;
  }

  @Override
  public List<SubscriptionStatus> furthestBehind(int limit) {
    throw new UnsupportedOperationException("metrics only count");
  }

  @Override
  public CompletableFuture<Subscription> subscribe(
      Subject subject, Start start, boolean progress, Outbound outbound) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public int broadcast(Subject subject, byte[] frame) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public void endAll(BrokerException reason) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public void onApplied(int shard, List<StoredMessage> messages) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public void onReplicaChanged(int shard) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public CompletableFuture<Subscription> follow(Subject subject, long fromId, Outbound outbound) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public void onSkippedAhead(int shard) {
    throw new UnsupportedOperationException("metrics only look");
  }
}
