package org.raftbroker.server.grpc;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.protobuf.ProtoUtils;
import java.util.concurrent.CompletionException;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A failure as clients see it: the one place where refusals become gRPC codes and details. */
final class ErrorStatus {
  static final String DOMAIN = "raftbroker";

  /** Names the request field that is at fault, in a refusal's metadata, where the reason cannot. */
  static final String FIELD = "field";

  private static final Metadata.Key<com.google.rpc.Status> DETAILS =
      Metadata.Key.of(
          "grpc-status-details-bin",
          ProtoUtils.metadataMarshaller(com.google.rpc.Status.getDefaultInstance()));

  private static final Logger log = LoggerFactory.getLogger(ErrorStatus.class);

  private final Code code;
  private final String reason;
  private final com.google.rpc.Status proto;

  private ErrorStatus(Code code, String reason, com.google.rpc.Status proto) {
    this.code = code;
    this.reason = reason;
    this.proto = proto;
  }

  static ErrorStatus of(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof BrokerException refusal) {
      return of(refusal, code(refusal.reason()));
    }
    // A defect of ours: the one place that logs it.
    log.atError().setCause(cause).log("request failed unexpectedly");
    return withoutReason(Code.INTERNAL, "internal error; the log of this node has the cause");
  }

  static ErrorStatus of(BrokerException refusal, Code code) {
    com.google.rpc.Status.Builder proto =
        com.google.rpc.Status.newBuilder().setCode(code.value()).setMessage(refusal.getMessage());
    proto.addDetails(
        Any.pack(
            ErrorInfo.newBuilder()
                .setDomain(DOMAIN)
                .setReason(refusal.reason().name())
                .putAllMetadata(refusal.metadata())
                .build()));
    if (code == Code.INVALID_ARGUMENT) {
      proto.addDetails(
          Any.pack(
              BadRequest.newBuilder()
                  .addFieldViolations(
                      BadRequest.FieldViolation.newBuilder()
                          .setField(field(refusal))
                          .setDescription(refusal.getMessage()))
                  .build()));
    }
    int retryMillis = retryMillis(refusal.reason());
    if (retryMillis > 0) {
      proto.addDetails(
          Any.pack(
              RetryInfo.newBuilder()
                  .setRetryDelay(
                      Duration.newBuilder()
                          .setSeconds(retryMillis / 1000)
                          .setNanos(retryMillis % 1000 * 1_000_000))
                  .build()));
    }
    return new ErrorStatus(code, refusal.reason().name(), proto.build());
  }

  /** The call's own time ran out before anything was done for it. */
  static ErrorStatus deadlineExceeded() {
    return withoutReason(
        Code.DEADLINE_EXCEEDED, "the deadline passed before the request was handled");
  }

  private static ErrorStatus withoutReason(Code code, String message) {
    return new ErrorStatus(
        code,
        "",
        com.google.rpc.Status.newBuilder().setCode(code.value()).setMessage(message).build());
  }

  Code code() {
    return code;
  }

  /** The name of a {@link Reason}; empty if there is none. */
  String reason() {
    return reason;
  }

  /** With details; for an answer in place. */
  com.google.rpc.Status proto() {
    return proto;
  }

  /** Ends a call that was not closed yet, and tells the observer. */
  void end(ServerCall<?, ?> call, RequestObserver observer) {
    Metadata trailers = new Metadata();
    if (proto.getDetailsCount() > 0) {
      trailers.put(DETAILS, proto);
    }
    call.close(Status.fromCode(code).withDescription(proto.getMessage()), trailers);
    String method = call.getMethodDescriptor().getBareMethodName();
    observer.onError(method == null ? "" : method, code, reason);
  }

  private static Code code(Reason reason) {
    return switch (reason) { // no default: a new Reason must not compile until it has a code
      case SUBJECT_INVALID,
          WILDCARD_NOT_ALLOWED,
          ID_INVALID,
          EXPIRATION_INVALID,
          HEADERS_INVALID,
          KEY_INVALID,
          COUNT_INVALID,
          BATCH_INVALID,
          START_INVALID,
          MALFORMED_REQUEST,
          SHARD_INVALID,
          SETTING_INVALID,
          PAGE_INVALID ->
          Code.INVALID_ARGUMENT;
      case SUBJECT_RESERVED, NOT_A_PEER -> Code.PERMISSION_DENIED;
      case ID_NOT_PUBLISHED,
          ID_RESERVED,
          MESSAGE_EXPIRED,
          MESSAGE_REMOVED,
          SUBJECT_NOT_FOUND,
          MEMBER_UNKNOWN ->
          Code.NOT_FOUND;
      case KEY_REUSED, SUBJECT_EXISTS -> Code.ALREADY_EXISTS;
      case BODY_TOO_LARGE, TOO_MANY_PENDING, TOO_MANY_STREAMS, BACKLOG_FULL ->
          Code.RESOURCE_EXHAUSTED;
      case NO_QUORUM, SHUTTING_DOWN, SHARD_STOPPED, ARCHIVE_NOT_OPEN, ARCHIVE_UNAVAILABLE ->
          Code.UNAVAILABLE;
      case TRANSFER_FAILED, MOVE_REFUSED -> Code.FAILED_PRECONDITION;
    };
  }

  /** The field of the request, as its proto names it; empty for the request as a whole. */
  private static String field(BrokerException refusal) {
    String named = refusal.metadata().get(FIELD);
    if (named != null) {
      return named;
    }
    return switch (refusal.reason()) {
      case SUBJECT_INVALID, WILDCARD_NOT_ALLOWED -> "subject";
      case ID_INVALID -> "id";
      case EXPIRATION_INVALID -> "expirationSeconds";
      case HEADERS_INVALID -> "headers";
      case KEY_INVALID -> "idempotency_key";
      case COUNT_INVALID -> "count";
      case BATCH_INVALID -> "messages";
      case SHARD_INVALID -> "shard";
      case SETTING_INVALID -> "settings";
      default -> "";
    };
  }

  /** How long a client does well to wait before it tries again; 0: trying again is no use. */
  private static int retryMillis(Reason reason) {
    return switch (reason) {
      case TOO_MANY_PENDING -> 100; // some group commits
      case NO_QUORUM -> 500; // about an election
      case SHUTTING_DOWN, SHARD_STOPPED -> 1000; // on another node it may be at once
      case ARCHIVE_UNAVAILABLE -> 1000;
      case ARCHIVE_NOT_OPEN, BACKLOG_FULL -> 5000; // needs a database to come back
      default -> 0;
    };
  }
}
