package org.raftbroker.bench;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One unary call; tells its end on the connection's loop. */
final class UnaryCall<A> extends ClientCall.Listener<A> {
  private final Answered<A> answered;
  private @Nullable A answer;

  /** Exactly one call: {@code answer} is absent unless {@code status} is OK. */
  interface Answered<A> {
    void answered(@Nullable A answer, Status status);
  }

  private UnaryCall(Answered<A> answered) {
    this.answered = answered;
  }

  static <A> void send(
      Connection connection,
      MethodDescriptor<byte[], A> method,
      byte[] request,
      Duration timeout,
      Answered<A> answered) {
    ClientCall<byte[], A> call =
        connection
            .channel()
            .newCall(
                method,
                CallOptions.DEFAULT.withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS));
    call.start(new UnaryCall<>(answered), new Metadata());
    call.request(2);
    call.sendMessage(request);
    call.halfClose();
  }

  @Override
  public void onMessage(A message) {
    answer = message;
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    if (status.isOk() && answer == null) {
      answered.answered(null, Status.INTERNAL.withDescription("no answer in an OK call"));
    } else {
      answered.answered(status.isOk() ? answer : null, status);
    }
  }
}
