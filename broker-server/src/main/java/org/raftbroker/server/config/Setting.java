package org.raftbroker.server.config;

/**
 * A value that a node starts with, for people.
 *
 * @param key such as {@code cluster.shards}
 * @param value as one would write it; not that of a secret
 * @param source the line of the file, the variable, or that it is the default
 */
public record Setting(String key, String value, String source) {
  @Override
  public String toString() {
    return key + " = " + value + "  # " + source;
  }
}
