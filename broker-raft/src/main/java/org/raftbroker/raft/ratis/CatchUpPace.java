package org.raftbroker.raft.ratis;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import org.apache.ratis.thirdparty.io.grpc.Metadata;
import org.apache.ratis.thirdparty.io.grpc.ServerCall;
import org.apache.ratis.thirdparty.io.grpc.ServerCallHandler;
import org.apache.ratis.thirdparty.io.grpc.ServerInterceptor;

/**
 * Holds back what this node is sent for replicas that come to it with nothing, a snapshot and the
 * log behind it: together at most so many bytes a second. Whoever sends waits as well, because only
 * a few requests may be under way. What others send to keep a replica up to date passes at once.
 *
 * <p>Waits on the threads of Ratis' gRPC server, on each for one call.
 */
final class CatchUpPace implements ServerInterceptor {
  private final long bytesPerSecond;
  private final Predicate<RaftGroupId> isArriving;
  private final LongSupplier nanoClock;

  // When what was let in so far has had its time. Guarded by "this".
  private long paidUntilNanos;

  CatchUpPace(long bytesPerSecond, Predicate<RaftGroupId> isArriving) {
    this(bytesPerSecond, isArriving, System::nanoTime);
  }

  CatchUpPace(long bytesPerSecond, Predicate<RaftGroupId> isArriving, LongSupplier nanoClock) {
    this.bytesPerSecond = bytesPerSecond;
    this.isArriving = isArriving;
    this.nanoClock = nanoClock;
    this.paidUntilNanos = nanoClock.getAsLong();
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
      @Override
      public void onMessage(Q request) {
        long bytes = bytesToHoldBack(request);
        if (bytes > 0) {
          LockSupport.parkNanos(nanosToWait(bytes));
        }
        super.onMessage(request);
      }
    };
  }

  private long bytesToHoldBack(Object request) {
    if (request instanceof InstallSnapshotRequestProto chunk) {
      return chunk.getSerializedSize();
    }
    if (request instanceof AppendEntriesRequestProto append && append.getEntriesCount() > 0) {
      ByteString group = append.getServerRequest().getRaftGroupId().getId();
      return isArriving.test(RaftGroupId.valueOf(group)) ? append.getSerializedSize() : 0;
    }
    return 0;
  }

  /** How long until so many bytes more may be let in; they count from then on. */
  synchronized long nanosToWait(long bytes) {
    long now = nanoClock.getAsLong();
    long begin = paidUntilNanos - now > 0 ? paidUntilNanos : now;
    paidUntilNanos = begin + bytes * TimeUnit.SECONDS.toNanos(1) / bytesPerSecond;
    return begin - now;
  }
}
