package org.raftbroker.cli;

import org.raftbroker.proto.MessageResponse;

/**
 * Writes messages.
 *
 * @param raw in text, add nothing to a body, not even a line end
 * @param withIds in text, the id and a tab before each body
 */
record MessagePrinter(Terminal terminal, Output output, boolean raw, boolean withIds) {
  void print(MessageResponse message) {
    if (output == Output.JSON) {
      terminal.line(Json.message(message));
      return;
    }
    if (withIds) {
      terminal.out().print(message.getId() + "\t");
    }
    terminal.bytes(message.getBody().toByteArray());
    if (!raw) {
      terminal.out().write('\n');
    }
  }
}
