package org.raftbroker.server.grpc;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import org.raftbroker.proto.MessageBatch;

/**
 * A {@code MessageBatch} put together from encoded messages: a tag and a length before each, the
 * messages as they are.
 */
final class MessageBatchFrame implements Encoded {
  private static final int TAG =
      MessageBatch.MESSAGES_FIELD_NUMBER << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;

  private final List<byte[]> messages = new ArrayList<>();
  private int size;

  /**
   * @param frame an encoded {@code MessageResponse}; shared, not copied
   */
  void add(byte[] frame) {
    messages.add(frame);
    size += 1 + CodedOutputStream.computeUInt32SizeNoTag(frame.length) + frame.length;
  }

  int count() {
    return messages.size();
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    byte[] head = new byte[1 + 5];
    for (byte[] message : messages) {
      CodedOutputStream coded = CodedOutputStream.newInstance(head);
      coded.writeUInt32NoTag(TAG);
      coded.writeUInt32NoTag(message.length);
      out.write(head, 0, coded.getTotalBytesWritten());
      out.write(message);
    }
  }
}
