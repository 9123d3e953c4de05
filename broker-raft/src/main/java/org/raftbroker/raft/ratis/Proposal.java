package org.raftbroker.raft.ratis;

import java.util.List;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.raftbroker.raft.command.CommandCodec;
import org.raftbroker.raft.command.Submission;

/**
 * An entry on its way into the log: its bytes, and what they say, so that the leader need not
 * decode what it has just encoded.
 */
record Proposal(long leaderTimeMillis, List<Submission> submissions, ByteString content)
    implements Message {
  static Proposal of(long leaderTimeMillis, List<Submission> submissions) {
    return new Proposal(
        leaderTimeMillis,
        List.copyOf(submissions),
        UnsafeByteOperations.unsafeWrap(CommandCodec.encodeEntry(leaderTimeMillis, submissions)));
  }

  @Override
  public ByteString getContent() {
    return content;
  }
}
