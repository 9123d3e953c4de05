package org.raftbroker.server.config;

/**
 * A text that must not be seen in logs, messages or listings; a record that holds it stays
 * printable.
 */
public final class Secret {
  static final String HIDDEN = "(not shown)";

  private final String text;

  public Secret(String text) {
    this.text = text;
  }

  public String reveal() {
    return text;
  }

  @Override
  public String toString() {
    return HIDDEN;
  }
}
