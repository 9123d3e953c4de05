package org.raftbroker.server.console;

/** Why a request is not answered with what it asks for: an HTTP status, and what the page shows. */
final class Refusal extends Exception {
  private static final long serialVersionUID = 1;

  private final int status;
  private final String reason;
  private final String message;

  /**
   * @param reason in upper case and stable, like the reasons of the contract
   * @param message what is wrong, and the way out
   */
  Refusal(int status, String reason, String message) {
    super(message, null, false, false);
    this.status = status;
    this.reason = reason;
    this.message = message;
  }

  int status() {
    return status;
  }

  String message() {
    return message;
  }

  String reason() {
    return reason;
  }

  String json() {
    return Json.write(new Shown(reason, message));
  }

  /** In this order. */
  private record Shown(String reason, String message) {}
}
