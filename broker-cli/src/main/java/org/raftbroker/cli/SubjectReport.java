package org.raftbroker.cli;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.Collectors;
import org.raftbroker.proto.admin.SubjectDescription;
import org.raftbroker.proto.admin.SubjectSettings;

/** Shows subjects to people and to scripts. */
final class SubjectReport {
  private static final String NO_LIMIT = "no limit";

  private SubjectReport() {}

  /**
   * A setting as text.
   *
   * @param none what 0 means
   */
  private record Setting(String name, long value, LongFunction<String> quantity, String none) {
    String line() {
      return name + ": " + (value == 0 ? none : quantity.apply(value));
    }

    /** The option that gives it, without the dashes before it. */
    String option() {
      return name.replace(' ', '-') + "=" + quantity.apply(value);
    }
  }

  /** One subject, a line for each thing to know. */
  static List<String> text(SubjectDescription subject) {
    List<String> lines = new ArrayList<>();
    lines.add("subject: " + subject.getSubject());
    lines.add("shard: " + subject.getShard());
    lines.add("messages: " + subject.getMessages());
    lines.add("first id: " + subject.getFirstId());
    lines.add("last id: " + subject.getLastId());
    lines.add("stored: " + amount(subject.getStoredMessages(), subject.getStoredBytes()));
    lines.add("archived up to id: " + subject.getArchivedId());
    lines.add(
        "archived ever: " + amount(subject.getArchivedMessages(), subject.getArchivedBytes()));
    lines.add("created: " + Instant.ofEpochMilli(subject.getCreatedAtMillis()));
    settings(subject.getSettings()).forEach(setting -> lines.add(setting.line()));
    return lines;
  }

  static String json(SubjectDescription subject) {
    return Json.line(json -> write(json, subject));
  }

  /** A table of subjects, a {@link #row} for each. */
  static TextTable table() {
    return new TextTable("SUBJECT", "SHARD", "MESSAGES", "FIRST", "LAST", "ARCHIVED", "SETTINGS");
  }

  static void row(TextTable table, SubjectDescription subject) {
    String settings =
        settings(subject.getSettings()).stream()
            .filter(setting -> setting.value != 0)
            .map(Setting::option)
            .collect(Collectors.joining(","));
    table.row(
        subject.getSubject(),
        subject.getShard(),
        subject.getMessages(),
        subject.getFirstId(),
        subject.getLastId(),
        subject.getArchivedId(),
        settings.isEmpty() ? "-" : settings);
  }

  /** What is in a subject, in a few words. */
  static String contents(SubjectDescription subject) {
    return subject.getMessages() == 0
        ? "it has no messages"
        : "it has "
            + Quantity.count(subject.getMessages(), "message")
            + ", ids "
            + subject.getFirstId()
            + " to "
            + subject.getLastId();
  }

  private static String amount(long messages, long bytes) {
    return Quantity.count(messages, "message") + ", " + Quantity.size(bytes);
  }

  private static List<Setting> settings(SubjectSettings settings) {
    return List.of(
        new Setting(
            "default expiration",
            settings.getDefaultExpirationSeconds(),
            Quantity::exactDuration,
            "never"),
        new Setting(
            "max body",
            settings.getMaxBodyBytes(),
            Quantity::exactSize,
            "limits.maxBodyBytes of the nodes"),
        new Setting("max messages", settings.getMaxMessages(), Long::toString, NO_LIMIT),
        new Setting("max age", settings.getMaxAgeSeconds(), Quantity::exactDuration, NO_LIMIT),
        new Setting("max bytes", settings.getMaxBytes(), Quantity::exactSize, NO_LIMIT));
  }

  private static void write(JsonWriter json, SubjectDescription subject) throws IOException {
    json.beginObject();
    json.name("subject").value(subject.getSubject());
    json.name("shard").value(subject.getShard());
    json.name("lastId").value(subject.getLastId());
    json.name("firstId").value(subject.getFirstId());
    json.name("messages").value(subject.getMessages());
    json.name("storedMessages").value(subject.getStoredMessages());
    json.name("storedBytes").value(subject.getStoredBytes());
    json.name("archivedId").value(subject.getArchivedId());
    json.name("archivedMessages").value(subject.getArchivedMessages());
    json.name("archivedBytes").value(subject.getArchivedBytes());
    json.name("createdAtMillis").value(subject.getCreatedAtMillis());
    SubjectSettings settings = subject.getSettings();
    json.name("settings").beginObject();
    json.name("defaultExpirationSeconds").value(settings.getDefaultExpirationSeconds());
    json.name("maxBodyBytes").value(settings.getMaxBodyBytes());
    json.name("maxMessages").value(settings.getMaxMessages());
    json.name("maxAgeSeconds").value(settings.getMaxAgeSeconds());
    json.name("maxBytes").value(settings.getMaxBytes());
    json.endObject();
    json.endObject();
  }
}
