package org.raftbroker.server.console;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import tools.jackson.databind.json.JsonMapper;

/**
 * JSON as the page reads it. Messages of the contract have protobuf's own mapping: names in
 * lowerCamelCase, 64-bit numbers and bytes (base64) as strings.
 */
final class Json {
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final JsonFormat.Printer PRINTER =
      JsonFormat.printer().omittingInsignificantWhitespace().alwaysPrintFieldsWithNoPresence();

  private Json() {}

  /** A record or a map. */
  static String write(Object value) {
    return MAPPER.writeValueAsString(value);
  }

  static String write(MessageOrBuilder message) {
    try {
      return PRINTER.print(message);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e); // only messages with an Any of an unknown type
    }
  }

  /** Fills {@code builder} with what a request's body says. */
  static <B extends Message.Builder> B read(String json, B builder) throws Refusal {
    try {
      JsonFormat.parser().merge(json, builder);
      return builder;
    } catch (InvalidProtocolBufferException e) {
      throw new Refusal(
          400,
          "MALFORMED_REQUEST",
          "the body is no "
              + builder.getDescriptorForType().getName()
              + " in JSON: "
              + e.getMessage());
    }
  }
}
