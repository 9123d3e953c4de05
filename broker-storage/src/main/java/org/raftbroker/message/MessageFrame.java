package org.raftbroker.message;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.raftbroker.proto.MessageResponse;

/**
 * Writes a message in the wire form of {@code MessageResponse}, and reads single fields back. By
 * hand, because every message is encoded on every replica: the generated builder costs about five
 * times as much. {@code MessageFrameTest} holds it to the generated class.
 */
public final class MessageFrame {
  private MessageFrame() {}

  /**
   * The frame of a message; equal input gives equal bytes on every node.
   *
   * @param previousId the id of the message before it on its subject; 0 for the first
   * @param checksum as {@link #checksum} gives it
   */
  public static byte[] encode(
      NewMessage message,
      long id,
      long publishedAtMillis,
      long expiresAtMillis,
      long previousId,
      int checksum) {
    String subject = message.subject().name();
    ByteString body = message.body();
    // Sorted, because the iteration order of an immutable map differs from process to process.
    Map<String, String> headers =
        message.headers().isEmpty() ? Map.of() : new TreeMap<>(message.headers());
    int size =
        CodedOutputStream.computeInt64Size(MessageResponse.ID_FIELD_NUMBER, id)
            + CodedOutputStream.computeStringSize(MessageResponse.SUBJECT_FIELD_NUMBER, subject)
            + CodedOutputStream.computeInt64Size(
                MessageResponse.PUBLISHED_AT_MILLIS_FIELD_NUMBER, publishedAtMillis);
    if (!body.isEmpty()) {
      size += CodedOutputStream.computeBytesSize(MessageResponse.BODY_FIELD_NUMBER, body);
    }
    if (expiresAtMillis != 0) {
      size +=
          CodedOutputStream.computeInt64Size(
              MessageResponse.EXPIRES_AT_MILLIS_FIELD_NUMBER, expiresAtMillis);
    }
    for (Map.Entry<String, String> header : headers.entrySet()) {
      int entry = headerSize(header);
      size +=
          CodedOutputStream.computeTagSize(MessageResponse.HEADERS_FIELD_NUMBER)
              + CodedOutputStream.computeUInt32SizeNoTag(entry)
              + entry;
    }
    if (previousId != 0) {
      size +=
          CodedOutputStream.computeInt64Size(MessageResponse.PREVIOUS_ID_FIELD_NUMBER, previousId);
    }
    if (checksum != 0) {
      size += CodedOutputStream.computeFixed32Size(MessageResponse.CHECKSUM_FIELD_NUMBER, checksum);
    }
    byte[] frame = new byte[size];
    CodedOutputStream out = CodedOutputStream.newInstance(frame);
    try {
      if (!body.isEmpty()) {
        out.writeBytes(MessageResponse.BODY_FIELD_NUMBER, body);
      }
      out.writeInt64(MessageResponse.ID_FIELD_NUMBER, id);
      out.writeString(MessageResponse.SUBJECT_FIELD_NUMBER, subject);
      out.writeInt64(MessageResponse.PUBLISHED_AT_MILLIS_FIELD_NUMBER, publishedAtMillis);
      if (expiresAtMillis != 0) {
        out.writeInt64(MessageResponse.EXPIRES_AT_MILLIS_FIELD_NUMBER, expiresAtMillis);
      }
      for (Map.Entry<String, String> header : headers.entrySet()) {
        out.writeTag(MessageResponse.HEADERS_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        out.writeUInt32NoTag(headerSize(header));
        out.writeString(1, header.getKey());
        out.writeString(2, header.getValue());
      }
      if (previousId != 0) {
        out.writeInt64(MessageResponse.PREVIOUS_ID_FIELD_NUMBER, previousId);
      }
      if (checksum != 0) {
        out.writeFixed32(MessageResponse.CHECKSUM_FIELD_NUMBER, checksum);
      }
      out.checkNoSpaceLeft();
    } catch (IOException e) {
      throw new IllegalStateException("the size of a frame was computed wrongly", e);
    }
    return frame;
  }

  /**
   * The running checksum of a subject after a message; the contract defines it at {@code
   * MessageResponse.checksum}.
   */
  public static int checksum(int previousChecksum, long id, ByteString body) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(12).putInt(previousChecksum).putLong(id).flip());
    for (ByteBuffer part : body.asReadOnlyByteBufferList()) {
      crc.update(part);
    }
    return (int) crc.getValue();
  }

  /** 0 for a message that is in no log. */
  public static long id(byte[] frame) {
    return int64(frame, MessageResponse.ID_FIELD_NUMBER);
  }

  public static long publishedAtMillis(byte[] frame) {
    return int64(frame, MessageResponse.PUBLISHED_AT_MILLIS_FIELD_NUMBER);
  }

  /** 0: never. */
  public static long expiresAtMillis(byte[] frame) {
    return int64(frame, MessageResponse.EXPIRES_AT_MILLIS_FIELD_NUMBER);
  }

  /** The id of the message before it on its subject; 0 for the first. */
  public static long previousId(byte[] frame) {
    return int64(frame, MessageResponse.PREVIOUS_ID_FIELD_NUMBER);
  }

  /** The running checksum of the subject after this message. */
  public static int checksum(byte[] frame) {
    CodedInputStream in = CodedInputStream.newInstance(frame);
    try {
      return seek(in, MessageResponse.CHECKSUM_FIELD_NUMBER) ? in.readFixed32() : 0;
    } catch (IOException e) {
      throw notAMessage(e);
    }
  }

  /** What was published with the message; empty if nothing was. */
  public static Map<String, String> headers(byte[] frame) {
    CodedInputStream in = CodedInputStream.newInstance(frame);
    try {
      if (!seek(in, MessageResponse.HEADERS_FIELD_NUMBER)) {
        return Map.of();
      }
      Map<String, String> headers = new TreeMap<>();
      do {
        int outer = in.pushLimit(in.readRawVarint32());
        in.readTag();
        String key = in.readString();
        in.readTag();
        headers.put(key, in.readString());
        in.popLimit(outer);
      } while (WireFormat.getTagFieldNumber(in.readTag()) == MessageResponse.HEADERS_FIELD_NUMBER);
      return headers;
    } catch (IOException e) {
      throw notAMessage(e);
    }
  }

  private static int headerSize(Map.Entry<String, String> header) {
    return CodedOutputStream.computeStringSize(1, header.getKey())
        + CodedOutputStream.computeStringSize(2, header.getValue());
  }

  private static long int64(byte[] frame, int field) {
    CodedInputStream in = CodedInputStream.newInstance(frame);
    try {
      return seek(in, field) ? in.readInt64() : 0;
    } catch (IOException e) {
      throw notAMessage(e);
    }
  }

  /**
   * Goes to the value of a field of a frame that {@link #encode} wrote: fields stand in rising
   * order. False if it is absent.
   */
  private static boolean seek(CodedInputStream in, int field) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      int number = WireFormat.getTagFieldNumber(tag);
      if (number >= field) {
        return number == field;
      }
      in.skipField(tag);
    }
    return false;
  }

  private static IllegalStateException notAMessage(IOException e) {
    return new IllegalStateException("a stored message is not a MessageResponse", e);
  }
}
