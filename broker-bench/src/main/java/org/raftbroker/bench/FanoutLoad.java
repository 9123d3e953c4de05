package org.raftbroker.bench;

import io.grpc.Status;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.raftbroker.proto.PublishStreamRequest;

/**
 * Publishers on one subject and many subscribers of it, spread over the nodes. A message is settled
 * when every subscriber has it, so what is measured is a rate that all of them keep up with; it
 * carries the time at which it was to be sent, so the latency is from end to end.
 */
final class FanoutLoad implements Load {
  private final List<Lane> lanes = new ArrayList<>();
  private final List<Subscriber> subscribers = new ArrayList<>();
  private final List<PublishPipe> pipes = new ArrayList<>();
  private final List<Connection> publisherConnections = new ArrayList<>();
  private final List<CompletableFuture<Void>> inPlace = new ArrayList<>();
  private final Connections connections;
  private final Subjects subjects;
  private final Meter meter;
  private final Duration timeout;

  /** Deliveries counted by id; ids less than this many apart are never in flight together. */
  private final AtomicIntegerArray deliveriesById;

  private record Subscriber(Connection connection, Reader reader) {}

  /**
   * @param outstanding messages published and not yet with every subscriber, over all publishers
   */
  FanoutLoad(
      Connections connections,
      BenchSettings settings,
      int subscriberCount,
      int publishers,
      int outstanding,
      Meter meter) {
    if (outstanding < publishers) {
      throw new BenchException(
          outstanding + " outstanding for " + publishers + " publishers (--outstanding)");
    }
    this.connections = connections;
    this.subjects = new Subjects("fanout", 1);
    this.meter = meter;
    this.timeout = settings.timeout();
    this.deliveriesById = new AtomicIntegerArray(Integer.highestOneBit(outstanding) * 4);
    for (int i = 0; i < subscriberCount; i++) {
      addSubscriber(i, subscriberCount);
    }
    long startNanos = System.nanoTime();
    byte[] frame = stampedFrame(settings.bodyBytes());
    for (int i = 0; i < publishers; i++) {
      Pace pace = Pace.of(settings.ratePerSecond() / publishers, startNanos);
      int window = PublishLoad.share(outstanding, publishers, i);
      addPublisher(i, pace, window, settings.bodyBytes(), frame);
    }
  }

  @Override
  public void start() {
    subscribers.forEach(each -> each.connection().loop().execute(each.reader()::open));
    Waiting.forAll(inPlace, timeout, "subscriptions to be in place");
    lanes.forEach(Lane::start);
  }

  @Override
  public void stop() {
    List<CompletableFuture<Void>> stopped = lanes.stream().map(Lane::stop).toList();
    Waiting.forAll(stopped, timeout, "messages to reach every subscriber");
    for (int i = 0; i < pipes.size(); i++) {
      publisherConnections.get(i).loop().execute(pipes.get(i)::close);
    }
  }

  @Override
  public void check(long failed) {
    List<CompletableFuture<Void>> closed = subscribers.stream().map(this::closeAndCheck).toList();
    Waiting.forAll(closed, timeout, "subscribers to end");
    subjects.checkDense(failed, meter);
  }

  private void addSubscriber(int number, int subscriberCount) {
    Connection connection = connections.all().get(number % connections.all().size());
    CompletableFuture<Void> placed = new CompletableFuture<>();
    inPlace.add(placed);
    Reader.Listener listener =
        new Reader.Listener() {
          @Override
          public void inPlace() {
            placed.complete(null);
          }

          @Override
          public void delivered(Delivered message) {
            meter.done(message.stamp(), 1);
            int slot = (int) (message.id() & (deliveriesById.length() - 1));
            if (deliveriesById.incrementAndGet(slot) == subscriberCount) {
              deliveriesById.set(slot, 0);
              settle(message.publisher());
            }
          }
        };
    subscribers.add(
        new Subscriber(
            connection, new Reader(connection, subjects.name(0), false, meter, listener)));
  }

  private void settle(int publisher) {
    Lane lane = lanes.get(publisher);
    publisherConnections.get(publisher).loop().execute(() -> lane.settled(1));
  }

  private void addPublisher(int number, Pace pace, int window, int bodyBytes, byte[] frame) {
    Connection connection = connections.all().get(number % connections.all().size());
    Sequence sequence = new Sequence(0);
    PublishPipe pipe =
        new PublishPipe(
            connection,
            Frames.single(subjects, bodyBytes),
            subjects,
            meter,
            new PublishPipe.Settled() {
              @Override
              public void published(long intendedNanos, int messages) {
                // Settled by the last subscriber instead.
              }

              @Override
              public void failed(Status status, int messages) {
                meter.failed(status, messages);
                sequence.lane().failed(messages);
              }
            });
    pipes.add(pipe);
    publisherConnections.add(connection);
    lanes.add(
        sequence.lane(
            connection,
            pace,
            window,
            1,
            Long.MAX_VALUE,
            (lane, message, intended) ->
                pipe.send(message, stamped(frame, bodyBytes, intended, number), intended)));
  }

  private byte[] stampedFrame(int bodyBytes) {
    byte[] request = Frames.single(subjects, bodyBytes).frame(0);
    try {
      return PublishStreamRequest.newBuilder()
          .addMessages(org.raftbroker.proto.PublishRequest.parseFrom(request))
          .build()
          .toByteArray();
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new IllegalStateException("a request of our own cannot be read", e);
    }
  }

  /** The body is the frame's last field, so its place is known without a search. */
  private static byte[] stamped(byte[] frame, int bodyBytes, long nanos, int publisher) {
    byte[] copy = frame.clone();
    ByteBuffer.wrap(copy, copy.length - bodyBytes, BenchSettings.MIN_BODY_BYTES)
        .putLong(nanos)
        .putInt(publisher);
    return copy;
  }

  private CompletableFuture<Void> closeAndCheck(Subscriber subscriber) {
    CompletableFuture<Void> closed = new CompletableFuture<>();
    subscriber
        .connection()
        .loop()
        .execute(
            () -> {
              subscriber.reader().close();
              long missed = subjects.highest(0) - subscriber.reader().lastId();
              if (missed > 0) {
                meter.violated("deliveries missed", missed);
              }
              closed.complete(null);
            });
    return closed;
  }
}
