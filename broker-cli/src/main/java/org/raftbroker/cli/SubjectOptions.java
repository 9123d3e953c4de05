package org.raftbroker.cli;

import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.admin.SubjectSettings;
import picocli.CommandLine.Option;

/** The settings that a subject can be given. */
final class SubjectOptions {
  @Option(
      names = "--default-expiration",
      paramLabel = "DURATION",
      converter = SecondsConverter.class,
      description =
          "How long a message stays readable that names no expiration of its own, such as 12h or"
              + " 7d; 0: for ever.")
  @Nullable Integer defaultExpirationSeconds;

  @Option(
      names = "--max-body",
      paramLabel = "SIZE",
      converter = SizeConverter.class,
      description =
          "Refuse longer bodies, such as 64KiB; 0: those above limits.maxBodyBytes of the nodes,"
              + " which are refused anyway.")
  @Nullable Long maxBodyBytes;

  @Option(
      names = "--max-messages",
      paramLabel = "N",
      description = "Keep only the newest N messages; 0: any number.")
  @Nullable Long maxMessages;

  @Option(
      names = "--max-age",
      paramLabel = "DURATION",
      converter = SecondsConverter.class,
      description = "Remove messages when they are older, such as 30d; 0: never.")
  @Nullable Integer maxAgeSeconds;

  @Option(
      names = "--max-bytes",
      paramLabel = "SIZE",
      converter = SizeConverter.class,
      description =
          "Keep only the newest messages that have about so many bytes together, such as 10GiB, at"
              + " least 1MiB; 0: any number.")
  @Nullable Long maxBytes;

  /** Returns those that were given. */
  SubjectSettings settings() {
    SubjectSettings.Builder settings = SubjectSettings.newBuilder();
    if (defaultExpirationSeconds != null) {
      settings.setDefaultExpirationSeconds(defaultExpirationSeconds);
    }
    if (maxBodyBytes != null) {
      settings.setMaxBodyBytes(bodyBytes(maxBodyBytes));
    }
    if (maxMessages != null) {
      settings.setMaxMessages(maxMessages);
    }
    if (maxAgeSeconds != null) {
      settings.setMaxAgeSeconds(maxAgeSeconds);
    }
    if (maxBytes != null) {
      settings.setMaxBytes(maxBytes);
    }
    return settings.build();
  }

  private static int bodyBytes(long bytes) {
    if (bytes > Integer.MAX_VALUE) {
      throw Failure.usage(
          "--max-body "
              + Quantity.exactSize(bytes)
              + " is above "
              + Integer.MAX_VALUE
              + " bytes; write a smaller size, or 0 for limits.maxBodyBytes of the nodes");
    }
    return (int) bytes;
  }
}
