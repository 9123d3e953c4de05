package org.raftbroker.server.transport;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.Status;
import io.grpc.protobuf.ProtoUtils;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * Reads a message from one copy of the received bytes: its {@code bytes} fields share that copy
 * instead of being copied again. For messages that are mostly such fields, so that keeping one
 * field does not keep much else.
 */
public final class AliasingMarshaller<T extends Message> implements Marshaller<T> {
  private final Parser<T> parser;
  private final Marshaller<T> writer;

  @SuppressWarnings("unchecked") // a message's parser parses messages of its class
  public AliasingMarshaller(T prototype) {
    this.parser = (Parser<T>) prototype.getParserForType();
    this.writer = ProtoUtils.marshaller(prototype);
  }

  @Override
  public InputStream stream(T message) {
    return writer.stream(message);
  }

  @Override
  public T parse(InputStream stream) {
    try {
      return parse(parser, readAll(stream));
    } catch (IOException e) {
      throw Status.INVALID_ARGUMENT
          .withDescription("a message cannot be decoded")
          .withCause(e)
          .asRuntimeException();
    }
  }

  /** All of a frame, in an array of just its size if that is known. */
  public static byte[] readAll(InputStream stream) throws IOException {
    if (stream instanceof KnownLength) {
      byte[] bytes = new byte[stream.available()];
      int read = stream.readNBytes(bytes, 0, bytes.length);
      if (read == bytes.length) {
        return bytes;
      }
      throw new EOFException("a frame ended after " + read + " of " + bytes.length + " bytes");
    }
    return stream.readAllBytes();
  }

  /**
   * Parses a message that keeps {@code bytes}.
   *
   * @param bytes owned by the message from now on
   */
  public static <T> T parse(Parser<T> parser, byte[] bytes) throws InvalidProtocolBufferException {
    ByteString whole = UnsafeByteOperations.unsafeWrap(bytes);
    // Only the input of an immutable ByteString really aliases; that of a byte[] copies regardless.
    CodedInputStream in = whole.newCodedInput();
    in.enableAliasing(true);
    T message = parser.parseFrom(in);
    in.checkLastTagWas(0);
    return message;
  }
}
