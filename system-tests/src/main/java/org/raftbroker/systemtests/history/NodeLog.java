package org.raftbroker.systemtests.history;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A subject from its first message to its last, as one node gave it when all was over. */
public final class NodeLog {
  private final String node;
  private final List<Received> messages;
  private final TreeMap<Long, Received> messageById = new TreeMap<>();
  private final Map<ByteString, List<Long>> idsByBody = new HashMap<>();

  NodeLog(String node, List<Received> messages) {
    this.node = node;
    this.messages = List.copyOf(messages);
    for (Received message : messages) {
      messageById.put(message.id(), message);
      idsByBody.computeIfAbsent(message.body(), b -> new ArrayList<>(1)).add(message.id());
    }
  }

  String node() {
    return node;
  }

  /** In the order in which the node gave them. */
  List<Received> messages() {
    return messages;
  }

  @Nullable Received byId(long id) {
    return messageById.get(id);
  }

  List<Long> idsOf(ByteString body) {
    return idsByBody.getOrDefault(body, List.of());
  }

  /** The first message at or after an id; null past the end. */
  @Nullable Received firstAtOrAfter(long id) {
    Map.Entry<Long, Received> entry = messageById.ceilingEntry(id);
    return entry == null ? null : entry.getValue();
  }

  /** 0 if there is none. */
  long lastId() {
    return messageById.isEmpty() ? 0 : messageById.lastKey();
  }
}
