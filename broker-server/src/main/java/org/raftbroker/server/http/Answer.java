package org.raftbroker.server.http;

import java.io.StringWriter;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** A whole answer, made before its first byte is sent, so that a failure still becomes a 500. */
record Answer(int status, String contentType, String body) {
  private static final JsonFactory JSON = new JsonFactory();

  static Answer text(int status, String text) {
    return new Answer(status, "text/plain; charset=utf-8", text + "\n");
  }

  static Answer html(String html) {
    return new Answer(200, "text/html; charset=utf-8", html);
  }

  static Answer of(Readiness readiness) {
    StringWriter json = new StringWriter();
    try (JsonGenerator out = JSON.createGenerator(ObjectWriteContext.empty(), json)) {
      out.writeStartObject();
      out.writeBooleanProperty("ready", readiness.ready());
      out.writeArrayPropertyStart("reasons");
      readiness.reasons().forEach(out::writeString);
      out.writeEndArray();
      out.writeEndObject();
    }
    return new Answer(readiness.ready() ? 200 : 503, "application/json", json + "\n");
  }
}
