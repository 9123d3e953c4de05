package org.raftbroker.server.grpc;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.protobuf.StatusProto;
import java.util.Map;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;

/**
 * An error as a client finds it.
 *
 * @param field of the first violation in BadRequest; null without one
 * @param retryMillis null without RetryInfo
 */
record Refusal(
    Code code,
    String message,
    @Nullable ErrorInfo info,
    @Nullable String field,
    @Nullable Integer retryMillis) {

  static Refusal of(ThrowingCallable call) {
    return of(Assertions.catchThrowable(call));
  }

  static Refusal of(@Nullable Throwable failure) {
    if (failure == null) {
      throw new AssertionError("nothing was refused");
    }
    com.google.rpc.Status details = StatusProto.fromThrowable(failure);
    if (details != null) {
      return of(details);
    }
    Status status = Status.fromThrowable(failure);
    return new Refusal(status.getCode(), String.valueOf(status.getDescription()), null, null, null);
  }

  static Refusal of(com.google.rpc.Status status) {
    BadRequest bad = detail(status, BadRequest.class);
    RetryInfo retry = detail(status, RetryInfo.class);
    return new Refusal(
        Status.fromCodeValue(status.getCode()).getCode(),
        status.getMessage(),
        detail(status, ErrorInfo.class),
        bad == null ? null : bad.getFieldViolations(0).getField(),
        retry == null
            ? null
            : (int)
                (retry.getRetryDelay().getSeconds() * 1000
                    + retry.getRetryDelay().getNanos() / 1_000_000));
  }

  String reason() {
    return info == null ? "" : info.getReason();
  }

  String domain() {
    return info == null ? "" : info.getDomain();
  }

  Map<String, String> metadata() {
    return info == null ? Map.of() : info.getMetadataMap();
  }

  private static <T extends Message> @Nullable T detail(
      com.google.rpc.Status status, Class<T> type) {
    for (Any any : status.getDetailsList()) {
      if (any.is(type)) {
        try {
          return any.unpack(type);
        } catch (InvalidProtocolBufferException e) {
          throw new IllegalStateException(e);
        }
      }
    }
    return null;
  }
}
