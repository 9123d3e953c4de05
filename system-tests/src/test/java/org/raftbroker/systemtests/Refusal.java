package org.raftbroker.systemtests;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a client is told when a call fails.
 *
 * @param reason of the {@code google.rpc.ErrorInfo}; empty if there is none
 * @param hasBadRequest whether {@code google.rpc.BadRequest} is among the details
 * @param hasRetryInfo whether {@code google.rpc.RetryInfo} is among the details
 */
record Refusal(
    Status.Code code, String reason, String message, boolean hasBadRequest, boolean hasRetryInfo) {

  /** The refusal of a call that must fail. */
  static Refusal of(Supplier<?> call) {
    Object answer;
    try {
      answer = call.get();
    } catch (StatusRuntimeException e) {
      return of(StatusProto.fromThrowable(e), e.getStatus());
    }
    throw new AssertionError("expected a refusal, got " + answer);
  }

  /**
   * @param details as they came with the status, or inside an answer
   */
  static Refusal of(com.google.rpc.@Nullable Status details, Status plain) {
    String reason = "";
    boolean hasBadRequest = false;
    boolean hasRetryInfo = false;
    if (details != null) {
      for (Any detail : details.getDetailsList()) {
        hasBadRequest |= detail.is(BadRequest.class);
        hasRetryInfo |= detail.is(RetryInfo.class);
        if (detail.is(ErrorInfo.class)) {
          reason = reason(detail);
        }
      }
    }
    return new Refusal(
        plain.getCode(),
        reason,
        String.valueOf(plain.getDescription()),
        hasBadRequest,
        hasRetryInfo);
  }

  private static String reason(Any detail) {
    try {
      return detail.unpack(ErrorInfo.class).getReason();
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("ErrorInfo that is none", e);
    }
  }

  @Override
  public String toString() {
    return code + (reason.isEmpty() ? "" : "/" + reason) + ": " + message;
  }
}
