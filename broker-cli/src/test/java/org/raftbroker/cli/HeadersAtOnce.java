package org.raftbroker.cli;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;

/** Sends the headers of a stream when it begins, as the contract of Subscribe asks. */
final class HeadersAtOnce implements ServerInterceptor {
  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    if (call.getMethodDescriptor().getType() != MethodType.SERVER_STREAMING) {
      return next.startCall(call, headers);
    }
    call.sendHeaders(new Metadata());
    return next.startCall(
        new SimpleForwardingServerCall<>(call) {
          @Override
          public void sendHeaders(Metadata sentAlready) {}
        },
        headers);
  }
}
