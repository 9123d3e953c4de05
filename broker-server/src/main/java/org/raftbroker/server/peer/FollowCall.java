package org.raftbroker.server.peer;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.proto.peer.FollowRequest;
import org.raftbroker.proto.peer.FollowResponse;
import org.raftbroker.raft.Shard;
import org.raftbroker.server.delivery.Delivery;
import org.raftbroker.server.delivery.Outbound;
import org.raftbroker.server.delivery.Subscription;

/**
 * One peer that follows subjects of a shard at this node's replica: a subscription each, which
 * share the call. Ends with the replica's service, since there is then nothing to follow. Only
 * touched on its event loop.
 */
final class FollowCall extends ServerCall.Listener<FollowRequest> {
  static final long SIGN_OF_LIFE_MILLIS = 2_000;

  /** Messages that wait for the peer's flow control; a busy stream needs some. */
  private static final int MAX_UNSENT_BYTES = 256 * 1024;

  private static final int FRAME_BYTES = 64 * 1024;

  private final ServerCall<FollowRequest, FollowResponse> call;
  private final EventExecutor loop;
  private final Function<Integer, @Nullable Shard> shards;
  private final Delivery delivery;
  private final Map<Long, Followed> followedByKey = new LinkedHashMap<>();
  private @Nullable Shard shard;
  private @Nullable Future<?> signs;
  private boolean closed;

  /**
   * @param shards by number; null where there is none
   */
  FollowCall(
      ServerCall<FollowRequest, FollowResponse> call,
      EventExecutor loop,
      Function<Integer, @Nullable Shard> shards,
      Delivery delivery) {
    this.call = call;
    this.loop = loop;
    this.shards = shards;
    this.delivery = delivery;
  }

  void start() {
    call.setOnReadyThreshold(MAX_UNSENT_BYTES);
    call.sendHeaders(new Metadata());
    call.request(1);
    signs =
        loop.scheduleAtFixedRate(
            this::giveASign, SIGN_OF_LIFE_MILLIS, SIGN_OF_LIFE_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void giveASign() {
    Shard followed = shard;
    if (closed || followed == null) {
      return;
    }
    if (!followed.servesHere()) {
      end(Status.UNAVAILABLE.withDescription("the replica does not serve any more"));
    } else if (followed.isInTouch() && call.isReady()) {
      call.sendMessage(FollowResponse.getDefaultInstance());
    }
  }

  @Override
  public void onMessage(FollowRequest request) {
    if (closed) {
      return;
    }
    if (request.hasSubject()) {
      follow(request);
    } else {
      Followed stopped = followedByKey.remove(request.getKey());
      if (stopped != null) {
        stopped.cancel();
      }
    }
    call.request(1);
  }

  private void follow(FollowRequest request) {
    Shard wanted = shards.apply(request.getShard());
    if (wanted == null) {
      end(Status.INVALID_ARGUMENT.withDescription("there is no shard " + request.getShard()));
      return;
    }
    shard = wanted;
    Followed followed = new Followed(request.getKey());
    followedByKey.put(request.getKey(), followed);
    try {
      var unused =
          delivery
              .follow(
                  new Subject(request.getSubject().getSubject()),
                  request.getSubject().getFromId(),
                  followed)
              .whenComplete(
                  (placed, failure) -> loop.execute(() -> onPlaced(followed, placed, failure)));
    } catch (BrokerException refusal) {
      end(Status.INVALID_ARGUMENT.withDescription(refusal.getMessage()));
    }
  }

  private void onPlaced(
      Followed followed, @Nullable Subscription placed, @Nullable Throwable failure) {
    if (placed == null) {
      end(Status.UNAVAILABLE.withDescription(String.valueOf(failure)));
      return;
    }
    followed.subscription = placed;
    if (closed || followedByKey.get(followed.key) != followed) {
      placed.cancel();
    } else {
      placed.onReady();
    }
  }

  @Override
  public void onReady() {
    // A copy: what one of them sends may end the call.
    for (Followed followed : List.copyOf(followedByKey.values())) {
      if (followed.subscription != null) {
        followed.subscription.onReady();
      }
    }
  }

  @Override
  public void onHalfClose() {
    end(Status.OK);
  }

  @Override
  public void onCancel() {
    closed = true;
    cancelAll();
  }

  private void end(Status status) {
    if (!closed) {
      closed = true;
      cancelAll();
      call.close(status, new Metadata());
    }
  }

  private void cancelAll() {
    if (signs != null) {
      signs.cancel(false);
    }
    List<Followed> all = List.copyOf(followedByKey.values());
    followedByKey.clear();
    all.forEach(Followed::cancel);
  }

  /** One subject on the call. */
  private final class Followed implements Outbound {
    private final long key;
    private final List<StoredMessage> unsent = new ArrayList<>();
    private long unsentBytes;
    private @Nullable Subscription subscription;

    Followed(long key) {
      this.key = key;
    }

    void cancel() {
      if (subscription != null) {
        subscription.cancel();
      }
    }

    @Override
    public Executor executor() {
      return loop;
    }

    @Override
    public String client() {
      return "another node";
    }

    @Override
    public boolean isReady() {
      return !closed && call.isReady();
    }

    @Override
    public void send(StoredMessage message) {
      unsent.add(message);
      unsentBytes += message.frame().length;
      if (unsentBytes >= FRAME_BYTES) {
        flush();
      }
    }

    @Override
    public void flush() {
      if (!unsent.isEmpty() && !closed) {
        FollowResponse.Builder frame = FollowResponse.newBuilder().setKey(key);
        unsent.forEach(message -> frame.addMessages(ReplicaFormat.frame(message)));
        call.sendMessage(frame.build());
      }
      unsent.clear();
      unsentBytes = 0;
    }

    @Override
    public void sendBroadcast(byte[] frame) {
      throw new IllegalStateException("a node that follows takes no broadcasts this way");
    }

    @Override
    public void sendProgress(long headId) {
      flush();
      if (!closed) {
        call.sendMessage(FollowResponse.newBuilder().setKey(key).setHead(headId).build());
      }
    }

    @Override
    public void end(BrokerException reason) {
      FollowCall.this.end(Status.UNAVAILABLE.withDescription(reason.getMessage()));
    }
  }
}
