package org.raftbroker.server.tracing;

import java.net.URI;
import java.util.Optional;
import org.raftbroker.config.ConfigSection;

/**
 * Where spans go. YAML section {@code tracing}.
 *
 * @param endpoint of a collector that takes OTLP over HTTP, {@code http://host:4318}; empty, which
 *     is the default: nothing is traced
 * @param maxQueuedSpans most spans that wait to be sent; more are dropped, so a collector that is
 *     gone costs no more memory than these; 100 to 100,000, default 2048
 */
public record TracingConfig(Optional<URI> endpoint, int maxQueuedSpans) {
  public static final TracingConfig DEFAULT = new TracingConfig(Optional.empty(), 2048);

  /** Reads the section; problems are collected in {@code yaml}. */
  public static TracingConfig read(ConfigSection yaml) {
    String text = yaml.text("endpoint", "");
    Optional<URI> endpoint = Optional.empty();
    if (!text.isEmpty()) {
      endpoint = address(text);
      if (endpoint.isEmpty()) {
        yaml.problem(
            "endpoint", "must be http://host:port or https://host:port, without a path or query");
      }
    }
    return new TracingConfig(
        endpoint, yaml.count("maxQueuedSpans", DEFAULT.maxQueuedSpans, 100, 100_000));
  }

  private static Optional<URI> address(String text) {
    if (!text.matches("https?://[^/?#\\s]+/?")) {
      return Optional.empty();
    }
    try {
      URI address = URI.create(text.replaceFirst("/$", ""));
      return address.getHost() == null ? Optional.empty() : Optional.of(address);
    } catch (IllegalArgumentException notAnAddress) {
      return Optional.empty();
    }
  }
}
