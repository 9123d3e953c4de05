package org.raftbroker.config;

import java.time.Duration;
import java.util.List;

/**
 * One section of the configuration, as a config record reads it. Every method returns the default
 * and remembers a problem where a value cannot be used, so that a failed start names all problems
 * at once; every key that is read is known, and a key that nobody reads is refused with the nearest
 * known one.
 *
 * <p>Not thread-safe: read at start, on one thread.
 */
public interface ConfigSection {
  int KIB = 1024;
  int MIB = 1024 * 1024;

  /** The section {@code key} below this one; empty if it is absent. */
  ConfigSection section(String key);

  /** The list of sections {@code key}; empty if it is absent. */
  List<ConfigSection> sections(String key);

  String text(String key, String ifAbsent);

  boolean flag(String key, boolean ifAbsent);

  /** A whole number from {@code min} to {@code max}. */
  int count(String key, int ifAbsent, int min, int max);

  /**
   * A size in bytes, as {@code 65536}, {@code 64KiB} or {@code 4MiB}, from {@code min} to {@code
   * max} bytes.
   */
  long bytes(String key, long ifAbsent, long min, long max);

  /**
   * A length of time, as {@code 250ms}, {@code 10s}, {@code 5m} or {@code 1h}, from {@code min} to
   * {@code max}.
   */
  Duration duration(String key, Duration ifAbsent, Duration min, Duration max);

  /** Remembers a problem with {@code key} that the reader found by itself. */
  void problem(String key, String what);
}
