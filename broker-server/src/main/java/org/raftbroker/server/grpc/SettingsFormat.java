package org.raftbroker.server.grpc;

import static org.raftbroker.config.ConfigSection.MIB;

import java.util.Map;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.message.SettingsChange;
import org.raftbroker.proto.admin.SubjectSettings;

/** Settings of subjects, as the contract has them: what can be wrong with them is found here. */
final class SettingsFormat {
  /** Sizes are noted every 64 KiB: a limit much below would be kept too roughly. */
  static final long MIN_MAX_BYTES = MIB;

  private SettingsFormat() {}

  /**
   * What is to change.
   *
   * @throws BrokerException {@link Reason#SETTING_INVALID}
   */
  static SettingsChange change(SubjectSettings proto) {
    if (proto.hasMaxBytes() && proto.getMaxBytes() > 0 && proto.getMaxBytes() < MIN_MAX_BYTES) {
      throw invalid(
          "max_bytes",
          proto.getMaxBytes(),
          "give at least " + MIN_MAX_BYTES + ", or 0 to take the limit away");
    }
    return new SettingsChange(
        proto.hasDefaultExpirationSeconds()
            ? notNegative("default_expiration_seconds", proto.getDefaultExpirationSeconds())
            : null,
        proto.hasMaxBodyBytes() ? notNegative("max_body_bytes", proto.getMaxBodyBytes()) : null,
        proto.hasMaxMessages() ? notNegative("max_messages", proto.getMaxMessages()) : null,
        proto.hasMaxAgeSeconds() ? notNegative("max_age_seconds", proto.getMaxAgeSeconds()) : null,
        proto.hasMaxBytes() ? notNegative("max_bytes", proto.getMaxBytes()) : null);
  }

  static SubjectSettings toProto(org.raftbroker.message.SubjectSettings settings) {
    return SubjectSettings.newBuilder()
        .setDefaultExpirationSeconds(settings.defaultExpirationSeconds())
        .setMaxBodyBytes(settings.maxBodyBytes())
        .setMaxMessages(settings.maxMessages())
        .setMaxAgeSeconds(settings.maxAgeSeconds())
        .setMaxBytes(settings.maxBytes())
        .build();
  }

  private static int notNegative(String field, int value) {
    return (int) notNegative(field, (long) value);
  }

  private static long notNegative(String field, long value) {
    if (value < 0) {
      throw invalid(field, value, "give a positive number, or 0 to take the setting away");
    }
    return value;
  }

  private static BrokerException invalid(String field, long value, String wayOut) {
    return new BrokerException(
        Reason.SETTING_INVALID,
        field + " is " + value + "; " + wayOut,
        Map.of(ErrorStatus.FIELD, "settings." + field));
  }
}
