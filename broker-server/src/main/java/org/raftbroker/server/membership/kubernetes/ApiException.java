package org.raftbroker.server.membership.kubernetes;

import java.io.IOException;

/** The API server answered, and not with what was asked for. */
final class ApiException extends IOException {
  private static final long serialVersionUID = 1L;

  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;
  private static final int GONE = 410;

  private final int code;
  private final String reason;

  /**
   * @param code as of HTTP
   * @param reason the API server's word for it; empty if somebody else answered
   */
  ApiException(int code, String reason, String message) {
    super(text(code, message));
    this.code = code;
    this.reason = reason;
  }

  private static String text(int code, String message) {
    String answer = "it answers " + code + (message.isEmpty() ? "" : ": " + message);
    return switch (code) {
      case UNAUTHORIZED ->
          answer + "; it does not take the token (membership.kubernetes.tokenFile)";
      case FORBIDDEN ->
          answer + "; give the service account get, list and watch on pods and the StatefulSet";
      default -> answer;
    };
  }

  /** The version from which changes were asked for is not kept any more. */
  boolean isExpired() {
    return code == GONE;
  }

  /** Said by the API server itself of an object: a proxy that finds no page says it otherwise. */
  boolean isNoSuchObject() {
    return code == NOT_FOUND && reason.equals("NotFound");
  }
}
