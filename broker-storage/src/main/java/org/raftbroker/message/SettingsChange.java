package org.raftbroker.message;

import org.jspecify.annotations.Nullable;

/** New values for some settings of a subject; what is null stays as it is. */
public record SettingsChange(
    @Nullable Integer defaultExpirationSeconds,
    @Nullable Integer maxBodyBytes,
    @Nullable Long maxMessages,
    @Nullable Integer maxAgeSeconds,
    @Nullable Long maxBytes) {
  public static final SettingsChange NONE = new SettingsChange(null, null, null, null, null);

  public SubjectSettings appliedTo(SubjectSettings settings) {
    return new SubjectSettings(
        orElse(defaultExpirationSeconds, settings.defaultExpirationSeconds()),
        orElse(maxBodyBytes, settings.maxBodyBytes()),
        orElse(maxMessages, settings.maxMessages()),
        orElse(maxAgeSeconds, settings.maxAgeSeconds()),
        orElse(maxBytes, settings.maxBytes()));
  }

  private static <T> T orElse(@Nullable T changed, T before) {
    return changed == null ? before : changed;
  }
}
