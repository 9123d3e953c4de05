package org.raftbroker.cli;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Map;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.raftbroker.client.BrokerClientException;

/**
 * What a command could not do, in one line: {@code error: CODE REASON message (hint)}. Code and
 * reason are those of the contract; reasons in front of which the server never got are our own:
 * CONNECT, TLS, CONNECTION_LOST, TIMEOUT, NOT_A_BROKER, and of commands that move replicas
 * SERVER_TOO_OLD, MOVE_CHANGED, STILL_MOVING.
 */
final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What this tool can add; servers say themselves what was wrong and how to do it right. */
  private static final Map<String, String> HINTS =
      Map.ofEntries(
          Map.entry("CONNECT", "is the node running? see --server"),
          Map.entry("TLS", "see --tls-ca, --tls-cert"),
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

  Failure(String code, String reason, String message, int exitCode) {
    this(code, reason, message, exitCode, null);
  }

  private Failure(
      String code, String reason, String message, int exitCode, @Nullable Throwable cause) {
    super(message, cause);
    this.text = message;
    this.code = code;
    this.reason = reason;
    this.exitCode = exitCode;
  }

  static Failure usage(String message) {
    return new Failure("USAGE", "", message, ExitCode.USAGE);
  }

  /** What a call came to; or one message of a stream. */
  static Failure of(BrokerClientException e) {
    boolean saidByServer = !e.reason().isEmpty();
    return new Failure(
        e.code().name(),
        saidByServer ? e.reason() : localReason(e),
        saidByServer ? said(e) : localMessage(e),
        exit(e.code()),
        e);
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

  private static String said(BrokerClientException e) {
    String said = e.description().isEmpty() ? "no description" : e.description();
    return e.retryAfter()
        .map(delay -> said + "; retry after " + delay.toMillis() / 1e3 + " s")
        .orElse(said);
  }

  private static String localReason(BrokerClientException e) {
    return switch (e.code()) {
      case UNAVAILABLE -> isTlsError(e) ? "TLS" : e.neverSent() ? "CONNECT" : "CONNECTION_LOST";
      case CANCELLED -> "CONNECTION_LOST";
      case DEADLINE_EXCEEDED -> "TIMEOUT";
      case UNIMPLEMENTED -> "NOT_A_BROKER";
      // What the transport makes of an answer in another protocol, such as that of the HTTP port.
      case INTERNAL -> e.description().startsWith("http2 exception") ? "NOT_A_BROKER" : "";
      default -> "";
    };
  }

  private static String localMessage(BrokerClientException e) {
    return switch (localReason(e)) {
      case "CONNECT" -> "cannot connect to " + e.node() + ": " + deepest(e);
      case "TLS" -> "no TLS with " + e.node() + ": " + deepest(e);
      case "CONNECTION_LOST" -> "the connection to " + e.node() + " broke: " + deepest(e);
      case "TIMEOUT" -> "no answer from " + e.node() + " in time";
      default -> e.node() + " said: " + said(e);
    };
  }

  private static boolean isTlsError(BrokerClientException e) {
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof SSLException) {
        return true;
      }
    }
    return false;
  }

  private static String deepest(BrokerClientException e) {
    String message = e.description();
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause.getMessage() != null && !(cause instanceof StatusRuntimeException)) {
        message = cause.getMessage();
      }
    }
    return message.isEmpty() ? e.code().name() : message;
  }

  private static int exit(Status.Code code) {
    return switch (code) {
      case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED -> ExitCode.UNAVAILABLE;
      case NOT_FOUND -> ExitCode.NOT_FOUND;
      default -> ExitCode.REFUSED;
    };
  }
}
