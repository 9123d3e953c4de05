package org.raftbroker.server.grpc;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.Reason;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.raft.Shard;
import org.raftbroker.raft.Shards;
import org.raftbroker.storage.Outcome;

/**
 * The messages of one request frame: split by shard, published, and their results put back into
 * request order. Made and read on one event loop; only {@link #isAnswered} is for any thread.
 */
final class PublishFrame {
  private final long[] ids;
  private final @Nullable ErrorStatus[] errors;
  private final List<Part> parts = new ArrayList<>(1);
  private final AtomicInteger unansweredParts = new AtomicInteger();
  private final MessageTracer tracer;
  private final long arrivedNanos = System.nanoTime();
  private int weight;
  private int bodyBytes;

  private PublishFrame(int messages, MessageTracer tracer) {
    this.tracer = tracer;
    this.ids = new long[messages];
    this.errors = new @Nullable ErrorStatus[messages];
  }

  /**
   * Checks the messages; nothing is published yet. A message that must be refused has its error in
   * place and does not keep the others back.
   *
   * @throws BrokerException {@link Reason#BATCH_INVALID} if the frame as a whole must be refused
   */
  static PublishFrame of(
      List<PublishRequest> requests,
      WireFormat wire,
      Shards shards,
      LimitsConfig limits,
      MessageTracer tracer) {
    if (requests.isEmpty() || requests.size() > limits.maxBatchMessages()) {
      throw new BrokerException(
          Reason.BATCH_INVALID,
          String.format(
              "the frame has %d messages; send 1 to %d (limits.maxBatchMessages)",
              requests.size(), limits.maxBatchMessages()));
    }
    PublishFrame frame = new PublishFrame(requests.size(), tracer);
    @Nullable Part[] partByShard = new @Nullable Part[shards.all().size()];
    for (int i = 0; i < requests.size(); i++) {
      try {
        NewMessage message = wire.toNewMessage(requests.get(i));
        Shard shard = shards.of(message.subject());
        WireFormat.checkBody(message, shard.settings(message.subject()));
        Part part = partByShard[shard.number()];
        if (part == null) {
          part = new Part(shard, requests.size() - i);
          partByShard[shard.number()] = part;
          frame.parts.add(part);
        }
        part.add(i, message);
        part.isFollowed |= tracer.follows(message);
        frame.weight += message.weight();
        frame.bodyBytes += message.body().size();
      } catch (BrokerException refusal) {
        frame.errors[i] = ErrorStatus.of(refusal);
      }
    }
    if (requests.size() > 1 && frame.bodyBytes > limits.maxBodyBytes()) {
      throw new BrokerException(
          Reason.BATCH_INVALID,
          String.format(
              "the bodies of the frame have %d bytes together, the limit is %d"
                  + " (limits.maxBodyBytes); send smaller frames",
              frame.bodyBytes, limits.maxBodyBytes()));
    }
    return frame;
  }

  /**
   * Hands the messages to their shards. For order, frames of one stream are published one after the
   * other on their event loop.
   *
   * @param onAnswered called once when all is answered, on any thread, perhaps before this returns
   */
  void publish(Runnable onAnswered) {
    if (parts.isEmpty()) {
      onAnswered.run();
      return;
    }
    unansweredParts.set(parts.size());
    for (Part part : parts) {
      CompletableFuture<Outcome> future = part.shard.publish(part.messages);
      MessageTracer.@Nullable Publish publish =
          part.isFollowed
              ? new MessageTracer.Publish(
                  part.shard.number(), part.messages, arrivedNanos, System.nanoTime())
              : null;
      // A completion of ours does not throw, so the future that it makes tells nothing.
      var unused =
          future.whenComplete(
              (outcome, failure) -> {
                part.outcome = outcome;
                part.failure = failure;
                if (publish != null) {
                  tracer.onAnswered(publish, outcome, failure);
                }
                if (unansweredParts.decrementAndGet() == 0) {
                  onAnswered.run();
                }
              });
    }
  }

  /** Whether every message has its result. What the results are is safe to read once this is. */
  boolean isAnswered() {
    return unansweredParts.get() == 0;
  }

  /** Puts the shards' answers into request order; once, before the results are read. */
  void join() {
    for (Part part : parts) {
      part.join(ids, errors);
    }
  }

  int messages() {
    return ids.length;
  }

  /** The id of a message; 0 if it was refused. */
  long id(int position) {
    return ids[position];
  }

  /** Why a message was refused; null if it was not. */
  @Nullable ErrorStatus error(int position) {
    return errors[position];
  }

  /** What the frame costs in memory while it waits. */
  int weight() {
    return weight;
  }

  /** Tells how the messages fared; after {@link #join}. */
  void observe(RequestObserver observer, String method) {
    int published = 0;
    for (int i = 0; i < ids.length; i++) {
      ErrorStatus error = errors[i];
      if (error == null) {
        published++;
      } else {
        observer.onError(method, error.code(), error.reason());
      }
    }
    if (published > 0) {
      observer.onPublished(published, bodyBytes, System.nanoTime() - arrivedNanos);
    }
  }

  /** The messages of one shard, and where in the frame they stand. */
  private static final class Part {
    private final Shard shard;
    private final List<NewMessage> messages;
    private final int[] positions;
    private boolean isFollowed;

    // Written before the last part is counted down, read after that.
    private @Nullable Outcome outcome;
    private @Nullable Throwable failure;

    Part(Shard shard, int atMost) {
      this.shard = shard;
      this.messages = new ArrayList<>(atMost);
      this.positions = new int[atMost];
    }

    void add(int position, NewMessage message) {
      positions[messages.size()] = position;
      messages.add(message);
    }

    void join(long[] ids, @Nullable ErrorStatus[] errors) {
      ErrorStatus all =
          outcome != null
              ? null
              : ErrorStatus.of(
                  failure != null ? failure : new IllegalStateException("no outcome, no failure"));
      for (int i = 0; i < messages.size(); i++) {
        if (outcome == null) {
          errors[positions[i]] = all;
        } else if (outcome.isKeyReused(i)) {
          errors[positions[i]] =
              ErrorStatus.of(WireFormat.keyReused(messages.get(i), outcome.id(i)));
        } else {
          ids[positions[i]] = outcome.id(i);
        }
      }
    }
  }
}
