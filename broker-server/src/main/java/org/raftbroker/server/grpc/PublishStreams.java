package org.raftbroker.server.grpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.proto.PublishStreamRequest;
import org.raftbroker.raft.Shards;
import org.raftbroker.server.transport.EventLoops;

/** The open publish streams of this node, so that a stop can end them. Any thread. */
final class PublishStreams implements ServerCallHandler<Request<PublishStreamRequest>, Encoded> {
  private final Shards shards;
  private final WireFormat wire;
  private final LimitsConfig limits;
  private final EventLoops loops;
  private final RequestObserver observer;
  private final MessageTracer tracer;
  private final Set<PublishStreamCall> open = ConcurrentHashMap.newKeySet();
  private volatile @Nullable BrokerException ended;

  PublishStreams(
      Shards shards,
      WireFormat wire,
      LimitsConfig limits,
      EventLoops loops,
      RequestObserver observer,
      MessageTracer tracer) {
    this.shards = shards;
    this.wire = wire;
    this.limits = limits;
    this.loops = loops;
    this.observer = observer;
    this.tracer = tracer;
  }

  @Override
  public ServerCall.Listener<Request<PublishStreamRequest>> startCall(
      ServerCall<Request<PublishStreamRequest>, Encoded> call, Metadata headers) {
    PublishStreamCall stream =
        new PublishStreamCall(
            call,
            loops.current(),
            requests -> PublishFrame.of(requests, wire, shards, limits, tracer),
            limits,
            observer,
            open::remove);
    open.add(stream);
    stream.start();
    // Looked at after the stream was added: endAll, which writes first, misses none.
    BrokerException reason = ended;
    if (reason != null) {
      stream.end(reason);
    }
    return stream;
  }

  /** Ends every stream once what it has sent is answered, and each later one at once. */
  void endAll(BrokerException reason) {
    ended = reason;
    open.forEach(stream -> stream.end(reason));
  }
}
