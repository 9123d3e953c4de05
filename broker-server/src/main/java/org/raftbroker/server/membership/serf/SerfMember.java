package org.raftbroker.server.membership.serf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.msgpack.value.Value;
import org.msgpack.value.ValueFactory;

/**
 * A member as Serf has it: an agent.
 *
 * @param name of the agent, unique in Serf's cluster
 * @param status Serf's word: alive, leaving, left, failed
 */
record SerfMember(String name, String status, Map<String, String> tags) {
  SerfMember {
    tags = Map.copyOf(tags);
  }

  SerfMember withStatus(String newStatus) {
    return new SerfMember(name, newStatus, tags);
  }

  /** Those in the body of an answer, or of an event. */
  static List<SerfMember> listIn(Map<Value, Value> body) {
    List<SerfMember> members = new ArrayList<>();
    Value list = field(body, "Members");
    if (list != null && list.isArrayValue()) {
      for (Value each : list.asArrayValue()) {
        members.add(of(each.asMapValue().map()));
      }
    }
    return members;
  }

  /** The name of the event of a body; empty if it is none. */
  static String eventOf(Map<Value, Value> body) {
    return text(body, "Event");
  }

  private static SerfMember of(Map<Value, Value> fields) {
    Map<String, String> tags = new HashMap<>();
    Value given = field(fields, "Tags");
    if (given != null && given.isMapValue()) {
      given
          .asMapValue()
          .map()
          .forEach((key, value) -> tags.put(key.asRawValue().toString(), value.toString()));
    }
    return new SerfMember(text(fields, "Name"), text(fields, "Status"), tags);
  }

  private static String text(Map<Value, Value> fields, String name) {
    Value value = field(fields, name);
    return value == null ? "" : value.toString();
  }

  private static @Nullable Value field(Map<Value, Value> fields, String name) {
    return fields.get(ValueFactory.newString(name));
  }
}
