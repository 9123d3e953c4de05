package org.raftbroker.server.grpc;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.PublishResult;
import org.raftbroker.proto.PublishStreamResponse;

/**
 * Results in the wire form that {@code PublishStreamResponse} and {@code PublishBatchResponse}
 * share: {@code repeated PublishResult results = 1}. Written by hand, because a result is two bytes
 * and a small number, and an object for each would cost more than the rest of the answer.
 */
final class PublishResults implements Encoded {
  private final List<PublishFrame> frames;
  private byte @Nullable [] bytes;

  /**
   * @param frames answered, in request order
   */
  PublishResults(List<PublishFrame> frames) {
    this.frames = frames;
  }

  /** Tells how each message fared. */
  void observe(RequestObserver observer, String method) {
    frames.forEach(frame -> frame.observe(observer, method));
  }

  @Override
  public int size() {
    return bytes().length;
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    out.write(bytes());
  }

  /** Encoded when the transport asks, which is on the event loop and not on a shard's thread. */
  private byte[] bytes() {
    if (bytes == null) {
      bytes = encode();
    }
    return bytes;
  }

  private byte[] encode() {
    int size = 0;
    for (PublishFrame frame : frames) {
      frame.join();
      for (int i = 0; i < frame.messages(); i++) {
        int result = resultSize(frame, i);
        size +=
            CodedOutputStream.computeTagSize(PublishStreamResponse.RESULTS_FIELD_NUMBER)
                + CodedOutputStream.computeUInt32SizeNoTag(result)
                + result;
      }
    }
    byte[] encoded = new byte[size];
    CodedOutputStream out = CodedOutputStream.newInstance(encoded);
    try {
      for (PublishFrame frame : frames) {
        for (int i = 0; i < frame.messages(); i++) {
          write(out, frame, i);
        }
      }
      out.checkNoSpaceLeft();
    } catch (IOException e) {
      throw new IllegalStateException("the size of results was computed wrongly", e);
    }
    return encoded;
  }

  private static int resultSize(PublishFrame frame, int i) {
    ErrorStatus error = frame.error(i);
    return error == null
        ? CodedOutputStream.computeInt64Size(PublishResult.ID_FIELD_NUMBER, frame.id(i))
        : CodedOutputStream.computeMessageSize(PublishResult.ERROR_FIELD_NUMBER, error.proto());
  }

  private static void write(CodedOutputStream out, PublishFrame frame, int i) throws IOException {
    out.writeTag(PublishStreamResponse.RESULTS_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    out.writeUInt32NoTag(resultSize(frame, i));
    ErrorStatus error = frame.error(i);
    if (error == null) {
      out.writeInt64(PublishResult.ID_FIELD_NUMBER, frame.id(i));
    } else {
      out.writeMessage(PublishResult.ERROR_FIELD_NUMBER, error.proto());
    }
  }
}
