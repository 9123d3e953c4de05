package org.raftbroker.cli;

import com.google.gson.stream.JsonWriter;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Base64;
import java.util.Map;
import org.raftbroker.proto.MessageResponse;

/** JSON for scripts: one value a line, names as in the contract. */
final class Json {
  private Json() {}

  /** Writes one value. */
  interface Content {
    void write(JsonWriter json) throws IOException;
  }

  static String line(Content content) {
    StringWriter buffer = new StringWriter();
    try (JsonWriter json = new JsonWriter(buffer)) {
      content.write(json);
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return buffer.toString();
  }

  static String id(String subject, long id) {
    return id(subject, "id", id);
  }

  /** A subject and one of its ids, by a name that says which. */
  static String id(String subject, String name, long id) {
    return line(
        json -> json.beginObject().name("subject").value(subject).name(name).value(id).endObject());
  }

  static String message(MessageResponse message) {
    return line(json -> writeMessage(json, message));
  }

  private static void writeMessage(JsonWriter json, MessageResponse message) throws IOException {
    json.beginObject();
    json.name("subject").value(message.getSubject());
    json.name("id").value(message.getId());
    json.name("publishedAtMillis").value(message.getPublishedAtMillis());
    if (message.getExpiresAtMillis() != 0) {
      json.name("expiresAtMillis").value(message.getExpiresAtMillis());
    }
    if (message.getHeadersCount() > 0) {
      json.name("headers").beginObject();
      for (Map.Entry<String, String> header : message.getHeadersMap().entrySet()) {
        json.name(header.getKey()).value(header.getValue());
      }
      json.endObject();
    }
    json.name("previousId").value(message.getPreviousId());
    json.name("checksum").value(Integer.toUnsignedLong(message.getChecksum()));
    writeBody(json, message.getBody());
    json.endObject();
  }

  /** A string has no place for bytes that are not UTF-8: those go out as base64, under its name. */
  private static void writeBody(JsonWriter json, ByteString body) throws IOException {
    if (body.isValidUtf8()) {
      json.name("body").value(body.toStringUtf8());
    } else {
      json.name("bodyBase64").value(Base64.getEncoder().encodeToString(body.toByteArray()));
    }
  }
}
