package org.raftbroker.server.delivery;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;

/**
 * A client at the end of a transport that is ready for as many messages as the client has allowed.
 */
final class ReceivingClient implements Outbound {
  static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(1);
  static final long ALL = Long.MAX_VALUE / 2;

  private final EventLoop loop;
  private @Nullable Subscription subscription;

  // Only touched on the loop.
  private long allowed;
  private long[] ids = new long[64];
  private int received;
  private int unflushed;
  private boolean over;
  private @Nullable BrokerException ended;
  private @Nullable Runnable atFirstFlush;
  private final List<byte[]> broadcasts = new ArrayList<>();
  private final List<Progressed> progress = new ArrayList<>();

  // For waiting only.
  private volatile int receivedSoFar;
  private volatile long lastId;

  /**
   * A progress frame.
   *
   * @param afterMessages how many messages had been received before it
   * @param lastId the id of the last of them; 0 if there was none
   */
  record Progressed(long headId, int afterMessages, long lastId) {}

  ReceivingClient(EventLoop loop, long allowed) {
    this.loop = loop;
    this.allowed = allowed;
  }

  static void awaitUntil(Callable<Boolean> condition) {
    await().atMost(PATIENCE).pollDelay(Duration.ZERO).pollInterval(POLL).until(condition);
  }

  /** A client that takes all that comes. */
  static ReceivingClient fast(EventLoop loop) {
    return new ReceivingClient(loop, ALL);
  }

  /** Does something on the loop in the middle of the first run. */
  ReceivingClient atFirstFlush(Runnable action) {
    atFirstFlush = action;
    return this;
  }

  ReceivingClient subscribe(Delivery delivery, Subject subject, Start start) {
    return subscribe(delivery, subject, start, false);
  }

  ReceivingClient subscribe(Delivery delivery, Subject subject, Start start, boolean progress) {
    subscription = delivery.subscribe(subject, start, progress, this).join();
    return this;
  }

  /** The transport takes {@code count} more messages, and says so as gRPC does. */
  void allow(long count) {
    loop.call(
        () -> {
          allowOnLoop(count);
          return null;
        });
  }

  void allowOnLoop(long count) {
    boolean wasReady = isReady();
    allowed += count;
    if (!wasReady && isReady()) {
      requireNonNull(subscription).onReady();
    }
  }

  void cancel() {
    loop.call(
        () -> {
          requireNonNull(subscription).cancel();
          over = true;
          return null;
        });
  }

  void awaitReceived(int count) {
    awaitUntil(() -> receivedSoFar >= count);
  }

  int receivedSoFar() {
    return receivedSoFar;
  }

  /** The last id received; 0 if none was. */
  long lastId() {
    return lastId;
  }

  /** Ids in the order received; all that was sent must have been flushed. */
  long[] ids() {
    return loop.call(
        () -> {
          assertThat(unflushed).as("sent and not flushed").isZero();
          return Arrays.copyOf(ids, received);
        });
  }

  /** How many frames of any kind were sent; on the loop. */
  int framesOnLoop() {
    loop.checkThread();
    return received + progress.size() + broadcasts.size();
  }

  List<Progressed> progress() {
    return loop.call(() -> List.copyOf(progress));
  }

  List<byte[]> broadcasts() {
    return loop.call(() -> List.copyOf(broadcasts));
  }

  BrokerException awaitEnd() {
    awaitUntil(() -> loop.call(() -> ended) != null);
    return requireNonNull(loop.call(() -> ended));
  }

  @Override
  public Executor executor() {
    return loop;
  }

  @Override
  public String client() {
    return "a test";
  }

  @Override
  public boolean isReady() {
    loop.checkThread();
    return allowed > 0;
  }

  @Override
  public void send(StoredMessage message) {
    checkOpen();
    if (received == ids.length) {
      ids = Arrays.copyOf(ids, 2 * received);
    }
    ids[received++] = message.id();
    unflushed++;
    allowed--;
  }

  @Override
  public void sendBroadcast(byte[] frame) {
    checkOpen();
    broadcasts.add(frame);
    unflushed++;
    allowed--;
  }

  @Override
  public void sendProgress(long headId) {
    checkOpen();
    progress.add(new Progressed(headId, received, received == 0 ? 0 : ids[received - 1]));
    unflushed++;
  }

  @Override
  public void flush() {
    loop.checkThread();
    unflushed = 0;
    receivedSoFar = received;
    lastId = received == 0 ? 0 : ids[received - 1];
    Runnable action = atFirstFlush;
    if (action != null) {
      atFirstFlush = null;
      action.run();
    }
  }

  @Override
  public void end(BrokerException reason) {
    checkOpen();
    ended = reason;
    over = true;
  }

  private void checkOpen() {
    loop.checkThread();
    if (over) {
      throw new IllegalStateException("sent after the end");
    }
  }
}
