package org.raftbroker.server.grpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status.Code;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.server.peer.ClusterSecret;

/** Lets only nodes of this cluster through: those that know its secret. */
final class PeersOnly implements ServerInterceptor {
  private final ClusterSecret secret;
  private final RequestObserver observer;

  PeersOnly(ClusterSecret secret, RequestObserver observer) {
    this.secret = secret;
    this.observer = observer;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    String shown = headers.get(ClusterSecret.KEY);
    if (shown == null) {
      refuse(call, Code.UNAUTHENTICATED, "the metadata key raftbroker-cluster is missing");
    } else if (!secret.matches(shown)) {
      refuse(call, Code.PERMISSION_DENIED, "the metadata key raftbroker-cluster has another value");
    } else {
      return next.startCall(call, headers);
    }
    return new ServerCall.Listener<>() {};
  }

  private void refuse(ServerCall<?, ?> call, Code code, String what) {
    ErrorStatus.of(
            new BrokerException(
                Reason.NOT_A_PEER,
                "only nodes of this cluster may call this: "
                    + what
                    + "; nodes send their cluster.secret"),
            code)
        .end(call, observer);
  }
}
