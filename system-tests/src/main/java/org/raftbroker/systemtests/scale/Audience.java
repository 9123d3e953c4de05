package org.raftbroker.systemtests.scale;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.systemtests.cluster.GrowingCluster;
import org.raftbroker.systemtests.cluster.NodeClient;

/**
 * Many subscribers, each of a subject of its own, at all nodes in turn, over few connections. What
 * each gets is kept by its connection's thread.
 */
public final class Audience implements AutoCloseable {
  /** Below what a node allows one connection ({@code limits.maxStreamsPerConnection}). */
  private static final int STREAMS_OF_A_CONNECTION = 500;

  /** Streams that are asked for and not in place yet; more would only wait in the nodes. */
  private static final int OPENING = 200;

  private static final Duration BOUND = Duration.ofMinutes(3);
  private static final Duration POLL = Duration.ofMillis(20);

  private final List<NodeClient> connections = new ArrayList<>();
  private final List<Seat> seats = new ArrayList<>();
  private final AtomicInteger inPlace = new AtomicInteger();

  /** One subscriber. */
  private final class Seat extends ClientCall.Listener<MessageResponse> {
    private final int subject;
    private final String node;
    private final ConcurrentLinkedQueue<MessageResponse> got = new ConcurrentLinkedQueue<>();
    private volatile @Nullable Status end;

    Seat(int subject, String node) {
      this.subject = subject;
      this.node = node;
    }

    @Override
    public void onHeaders(Metadata headers) {
      inPlace.incrementAndGet();
    }

    @Override
    public void onMessage(MessageResponse message) {
      got.add(message);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      end = status;
    }
  }

  /** Subscribes to each of these subjects and waits until all subscriptions are in place. */
  public Audience(GrowingCluster cluster, List<Integer> subjects) {
    int next = 0;
    for (int n = 1; n <= cluster.size(); n++) {
      NodeClient connection = cluster.newClient(n);
      connections.add(connection);
      for (int i = n - 1, streams = 0; i < subjects.size(); i += cluster.size(), streams++) {
        if (streams == STREAMS_OF_A_CONNECTION) {
          connection = cluster.newClient(n);
          connections.add(connection);
          streams = 0;
        }
        seat(connection, subjects.get(i));
        next++;
        awaitInPlace(next - OPENING);
      }
    }
    awaitInPlace(next);
  }

  private void seat(NodeClient connection, int subject) {
    Seat seat = new Seat(subject, connection.node());
    ClientCall<SubscribeRequest, MessageResponse> call =
        connection.channel().newCall(BrokerGrpc.getSubscribeMethod(), CallOptions.DEFAULT);
    call.start(seat, new Metadata());
    call.request(Integer.MAX_VALUE);
    call.sendMessage(SubscribeRequest.newBuilder().setSubject(Subjects.name(subject)).build());
    call.halfClose();
    seats.add(seat);
  }

  private void awaitInPlace(int count) {
    if (inPlace.get() < count) {
      Awaitility.await(count + " subscriptions are in place")
          .atMost(BOUND)
          .pollInterval(POLL)
          .until(() -> inPlace.get() >= count);
    }
  }

  /** How many connections carry the streams. */
  public int connections() {
    return connections.size();
  }

  /**
   * Waits until all of these subjects' subscribers have so many messages, and says what is wrong.
   *
   * @param messages that each of {@code subjects} must have got, with the ids that follow {@code
   *     afterId}; others none
   * @return one line for each subscriber that missed, doubled or reordered something, or was
   *     disconnected
   */
  public List<String> check(Set<Integer> subjects, long afterId, int messages) {
    long deadline = System.nanoTime() + BOUND.toNanos();
    for (Seat seat : seats) {
      int expected = subjects.contains(seat.subject) ? messages : 0;
      while (seat.got.size() < expected && seat.end == null && System.nanoTime() - deadline < 0) {
        LockSupport.parkNanos(POLL.toNanos());
      }
    }
    List<String> wrong = new ArrayList<>();
    for (Seat seat : seats) {
      String who = "subscriber of " + Subjects.name(seat.subject) + " at " + seat.node;
      if (seat.end != null) {
        wrong.add(who + ": its stream ended: " + seat.end);
      }
      int expected = subjects.contains(seat.subject) ? messages : 0;
      List<MessageResponse> got = List.copyOf(seat.got);
      boolean right = got.size() == expected;
      for (int i = 0; right && i < expected; i++) {
        long id = afterId + 1 + i;
        right = got.get(i).getId() == id && got.get(i).getBody().equals(Subjects.body(id));
      }
      if (!right) {
        wrong.add(
            "%s: got %s, wanted %d from %d on"
                .formatted(
                    who, got.stream().map(MessageResponse::getId).toList(), expected, afterId + 1));
      }
    }
    return wrong;
  }

  @Override
  public void close() {
    connections.forEach(NodeClient::close);
  }
}
