package org.raftbroker.server.config;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where a value is, as the file and as the environment name it.
 *
 * @param parent null for the whole file
 * @param name the last step of {@code text}
 * @param text such as {@code cluster.members[0].id}
 * @param variable such as {@code BROKER_CLUSTER_MEMBERS_0_ID}
 */
record KeyPath(@Nullable KeyPath parent, String name, String text, String variable) {
  static final String VARIABLE_PREFIX = "BROKER_";

  static final KeyPath ROOT = new KeyPath(null, "", "", "BROKER");

  KeyPath key(String key) {
    return new KeyPath(
        this,
        key,
        text.isEmpty() ? key : text + "." + key,
        variable + "_" + key.toUpperCase(Locale.ROOT));
  }

  KeyPath item(int index) {
    return new KeyPath(this, "[" + index + "]", text + "[" + index + "]", variable + "_" + index);
  }

  /** Values of such keys are shown to nobody: not in messages, not in a listing. */
  boolean isSecret() {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith("secret")
        || lower.endsWith("password")
        || lower.endsWith("token")
        || lower.endsWith("authkey");
  }

  @Override
  public String toString() {
    return text;
  }
}
