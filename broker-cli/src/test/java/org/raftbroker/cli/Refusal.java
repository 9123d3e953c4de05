package org.raftbroker.cli;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;

/** What a node answers instead of a result, with the details that the contract asks for. */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient com.google.rpc.Status status;

  Refusal(Status.Code code, String reason, String message) {
    super(message);
    status =
        com.google.rpc.Status.newBuilder()
            .setCode(code.value())
            .setMessage(message)
            .addDetails(
                Any.pack(ErrorInfo.newBuilder().setDomain("raftbroker").setReason(reason).build()))
            .build();
  }

  com.google.rpc.Status status() {
    return status;
  }

  StatusRuntimeException asException() {
    return StatusProto.toStatusRuntimeException(status);
  }
}
