package org.raftbroker.storage.cassandra;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.raftbroker.message.MessageFrame;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;

/** Messages to archive. */
final class Messages {
  static final long NEVER = 0;

  private Messages() {}

  /** Published at its id in milliseconds, with a small body, for ever. */
  static StoredMessage message(Subject subject, long id) {
    return message(subject, id, id, NEVER, 100);
  }

  static StoredMessage message(
      Subject subject, long id, long publishedAtMillis, long expiresAtMillis, int bodyBytes) {
    byte[] body = new byte[bodyBytes];
    new Random(id).nextBytes(body);
    return message(
        new NewMessage(subject, ByteString.copyFrom(body), 0, Map.of(), null),
        id,
        publishedAtMillis,
        expiresAtMillis);
  }

  static StoredMessage message(
      NewMessage message, long id, long publishedAtMillis, long expiresAtMillis) {
    byte[] frame =
        MessageFrame.encode(message, id, publishedAtMillis, expiresAtMillis, id - 1, (int) id);
    return new StoredMessage(message.subject(), id, expiresAtMillis, frame);
  }

  static List<StoredMessage> messages(Subject subject, long fromId, long toId) {
    List<StoredMessage> messages = new ArrayList<>();
    for (long id = fromId; id <= toId; id++) {
      messages.add(message(subject, id));
    }
    return messages;
  }
}
