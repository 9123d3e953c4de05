package org.raftbroker.cli;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a command could not do, in one line: {@code error: CODE REASON message (hint)}. Code and
 * reason are those of the contract; reasons in front of which the server never got are our own:
 * CONNECT, CONNECTION_LOST, TIMEOUT, NOT_A_BROKER, and of commands that move replicas
 * SERVER_TOO_OLD, MOVE_CHANGED, STILL_MOVING.
 */
final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What this tool can add; servers say themselves what was wrong and how to do it right. */
  private static final Map<String, String> HINTS =
      Map.ofEntries(
          Map.entry("CONNECT", "is the node running? see --server"),
          Map.entry("CONNECTION_LOST", "it may or may not have happened"),
          Map.entry("TIMEOUT", "it may or may not have happened; see --timeout"),
          Map.entry("NOT_A_BROKER", "is this the gRPC port of a RaftBroker node? see --server"),
          Map.entry("SERVER_TOO_OLD", "its version cannot move replicas; upgrade the nodes"),
          Map.entry(
              "STILL_MOVING",
              "it goes on without brokerctl: see 'brokerctl cluster', and --wait-timeout"),
          Map.entry("MOVE_CHANGED", "see 'brokerctl cluster'"),
          Map.entry("NO_QUORUM", "see 'brokerctl cluster' for which nodes are down"),
          Map.entry("SHARD_STOPPED", "see 'brokerctl cluster' for the cause"),
          Map.entry("SHUTTING_DOWN", "name other nodes in --server"));

  private final String code;
  private final String reason;
  private final String text;
  private final int exitCode;
  private final boolean saidByServer;

  Failure(String code, String reason, String message, int exitCode) {
    this(code, reason, message, exitCode, false, null);
  }

  private Failure(
      String code,
      String reason,
      String message,
      int exitCode,
      boolean saidByServer,
      @Nullable Throwable cause) {
    super(message, cause);
    this.text = message;
    this.code = code;
    this.reason = reason;
    this.exitCode = exitCode;
    this.saidByServer = saidByServer;
  }

  static Failure usage(String message) {
    return new Failure("USAGE", "", message, ExitCode.USAGE);
  }

  /** A call to a server that ended with another status than OK. */
  static Failure of(StatusRuntimeException e, String server) {
    Status status = e.getStatus();
    com.google.rpc.Status details = StatusProto.fromThrowable(e);
    String reason = reason(details);
    if (!reason.isEmpty()) {
      return new Failure(
          status.getCode().name(), reason, text(status, details), exit(status.getCode()), true, e);
    }
    return new Failure(
        status.getCode().name(),
        localReason(status),
        localMessage(status, server),
        exit(status.getCode()),
        false,
        e);
  }

  /** A message of a stream or batch that was refused on its own. */
  static Failure of(com.google.rpc.Status refusal) {
    Status.Code code = Status.fromCodeValue(refusal.getCode()).getCode();
    return new Failure(code.name(), reason(refusal), refusal.getMessage(), exit(code));
  }

  /** Whether the call cannot have reached a server. */
  static boolean neverSent(StatusRuntimeException e) {
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof ConnectException
          || cause instanceof NoRouteToHostException
          || cause instanceof UnknownHostException) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether the server went away or did not answer, rather than refuse. A server that is stopped
   * hard cancels its calls, and nobody else does while the caller still wants an answer.
   */
  static boolean isOutage(Status status) {
    return switch (status.getCode()) {
      case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED -> true;
      default -> false;
    };
  }

  /** Whether a server answered with a reason of the contract. */
  boolean saidByServer() {
    return saidByServer;
  }

  int exitCode() {
    return exitCode;
  }

  String code() {
    return code;
  }

  String reason() {
    return reason;
  }

  /** The message alone. */
  String text() {
    return text;
  }

  String line() {
    String hint = HINTS.getOrDefault(reason, "");
    return "error: "
        + code
        + (reason.isEmpty() ? "" : " " + reason)
        + " "
        + text
        + (hint.isEmpty() ? "" : " (" + hint + ")");
  }

  private static String reason(com.google.rpc.@Nullable Status status) {
    ErrorInfo info = detail(status, ErrorInfo.class);
    return info == null ? "" : info.getReason();
  }

  private static String text(Status status, com.google.rpc.@Nullable Status details) {
    String description = status.getDescription();
    RetryInfo retry = detail(details, RetryInfo.class);
    String message = description == null ? "no description" : description;
    if (retry == null) {
      return message;
    }
    double seconds = retry.getRetryDelay().getSeconds() + retry.getRetryDelay().getNanos() / 1e9;
    return message + "; retry after " + seconds + " s";
  }

  private static String localReason(Status status) {
    return switch (status.getCode()) {
      case UNAVAILABLE -> neverSent(status.asRuntimeException()) ? "CONNECT" : "CONNECTION_LOST";
      case CANCELLED -> "CONNECTION_LOST";
      case DEADLINE_EXCEEDED -> "TIMEOUT";
      case UNIMPLEMENTED -> "NOT_A_BROKER";
      // What the transport makes of an answer in another protocol, such as that of the HTTP port.
      case INTERNAL -> isHttp2Error(status) ? "NOT_A_BROKER" : "";
      default -> "";
    };
  }

  private static boolean isHttp2Error(Status status) {
    return String.valueOf(status.getDescription()).startsWith("http2 exception");
  }

  private static String localMessage(Status status, String server) {
    String description = status.getDescription();
    String said = description == null ? "no description" : description;
    return switch (localReason(status)) {
      case "CONNECT" -> "cannot connect to " + server + ": " + deepest(status);
      case "CONNECTION_LOST" -> "the connection to " + server + " broke: " + deepest(status);
      case "TIMEOUT" -> "no answer from " + server + " in time";
      default -> server + " said: " + said;
    };
  }

  private static String deepest(Status status) {
    String message = status.getDescription();
    for (Throwable cause = status.getCause(); cause != null; cause = cause.getCause()) {
      if (cause.getMessage() != null) {
        message = cause.getMessage();
      }
    }
    return message == null ? status.getCode().name() : message;
  }

  private static int exit(Status.Code code) {
    return switch (code) {
      case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED -> ExitCode.UNAVAILABLE;
      case NOT_FOUND -> ExitCode.NOT_FOUND;
      default -> ExitCode.REFUSED;
    };
  }

  private static <M extends com.google.protobuf.Message> @Nullable M detail(
      com.google.rpc.@Nullable Status status, Class<M> type) {
    if (status == null) {
      return null;
    }
    for (Any any : status.getDetailsList()) {
      if (any.is(type)) {
        try {
          return any.unpack(type);
        } catch (InvalidProtocolBufferException e) {
          throw new IllegalStateException("the server sent unreadable error details", e);
        }
      }
    }
    return null;
  }
}
