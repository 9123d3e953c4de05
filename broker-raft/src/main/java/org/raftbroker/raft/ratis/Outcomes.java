package org.raftbroker.raft.ratis;

import java.util.List;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.raftbroker.storage.Outcome;

/**
 * What applying an entry answers, carried through Ratis as an object: it never leaves the process.
 */
record Outcomes(List<Outcome> list) implements Message {
  @Override
  public ByteString getContent() {
    return ByteString.EMPTY;
  }
}
