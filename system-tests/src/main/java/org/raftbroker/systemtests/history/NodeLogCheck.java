package org.raftbroker.systemtests.history;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.TreeSet;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Each node's content in itself, and all nodes' against each other. */
final class NodeLogCheck {
  private NodeLogCheck() {}

  static void check(SubjectHistory subject, Findings findings) {
    for (NodeLog log : subject.logByNode().values()) {
      checkChain(subject.subject(), log, findings);
      checkEqual(subject.subject(), subject.anyLog(), log, findings);
    }
  }

  private static void checkChain(String subject, NodeLog log, Findings findings) {
    long previousId = 0;
    long previousTime = 0;
    int checksum = 0;
    for (Received message : log.messages()) {
      String broken = null;
      checksum = checksum(checksum, message.id(), message.body());
      if (message.id() <= previousId) {
        broken = "comes after id " + previousId;
      } else if (message.previousId() != previousId) {
        broken = "should name " + previousId + " as the one before";
      } else if (message.publishedAtMillis() < previousTime) {
        broken = "is older than the message before it, which is of " + previousTime;
      } else if (message.checksum() != checksum) {
        broken = String.format("should have checksum %08x", checksum);
      }
      if (broken != null) {
        findings.add(
            Finding.Kind.CHAIN_BROKEN,
            subject,
            message.id(),
            "on " + log.node() + ", " + message + " " + broken);
      }
      // Go on from what is there, so that one break is one finding.
      checksum = message.checksum();
      previousId = message.id();
      previousTime = message.publishedAtMillis();
    }
  }

  /** As the contract defines it at {@code MessageResponse.checksum}. */
  static int checksum(int previous, long id, ByteString body) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(12).putInt(previous).putLong(id).flip());
    body.asReadOnlyByteBufferList().forEach(crc::update);
    return (int) crc.getValue();
  }

  private static void checkEqual(String subject, NodeLog one, NodeLog other, Findings findings) {
    if (one == other) {
      return;
    }
    TreeSet<Long> ids = new TreeSet<>();
    one.messages().forEach(m -> ids.add(m.id()));
    other.messages().forEach(m -> ids.add(m.id()));
    for (long id : ids) {
      Received left = one.byId(id);
      Received right = other.byId(id);
      if (left == null || right == null || !left.sameAs(right)) {
        findings.add(
            Finding.Kind.DIVERGED,
            subject,
            id,
            one.node() + " has " + shown(left) + ", " + other.node() + " has " + shown(right));
      }
    }
  }

  private static String shown(@Nullable Received message) {
    return message == null ? "nothing" : message.toString();
  }
}
