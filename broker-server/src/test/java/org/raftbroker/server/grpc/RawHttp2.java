package org.raftbroker.server.grpc;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A client that keeps to no rule: HTTP/2 frames written by hand to a socket. Nothing leaves before
 * {@link #awaitEnd} or {@link #await} is called, or a buffer of 64 KiB is full.
 */
final class RawHttp2 implements AutoCloseable {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int CONTINUATION = 9;

  static final int END_STREAM = 1;
  static final int END_HEADERS = 4;

  static final int REFUSED_STREAM = 7;
  static final int ENHANCE_YOUR_CALM = 11;

  private static final int MAX_FRAME = 16_384;

  private final Socket socket;
  private final DataInputStream in;
  private final DataOutputStream out;

  /**
   * What the server sent.
   *
   * @param errorCode of RST_STREAM and GOAWAY; else 0
   */
  record Frame(int type, int flags, int stream, int errorCode) {}

  RawHttp2(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(20_000);
    in = new DataInputStream(socket.getInputStream());
    out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), 65_536));
    out.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    frame(SETTINGS, 0, 0, new byte[0]);
  }

  void frame(int type, int flags, int stream, byte[] payload) throws IOException {
    out.writeByte(payload.length >> 16);
    out.writeShort(payload.length);
    out.writeByte(type);
    out.writeByte(flags);
    out.writeInt(stream);
    out.write(payload);
  }

  /** The headers of a call, with one more of so many bytes. */
  void call(int stream, String path, int extraBytes) throws IOException {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.write(0x83); // :method POST
    block.write(0x86); // :scheme http
    block.write(0x04); // :path
    text(block, path);
    block.write(0x01); // :authority
    text(block, "localhost");
    block.write(new byte[] {0x0f, 0x10}); // content-type
    text(block, "application/grpc");
    block.write(0x00);
    text(block, "te");
    text(block, "trailers");
    if (extraBytes > 0) {
      block.write(0x00);
      text(block, "extra");
      text(block, "x".repeat(extraBytes));
    }
    byte[] all = block.toByteArray();
    for (int from = 0; from < all.length; from += MAX_FRAME) {
      int length = Math.min(MAX_FRAME, all.length - from);
      byte[] part = new byte[length];
      System.arraycopy(all, from, part, 0, length);
      boolean last = from + length == all.length;
      frame(from == 0 ? HEADERS : CONTINUATION, last ? END_HEADERS : 0, stream, part);
    }
  }

  void reset(int stream) throws IOException {
    frame(RST_STREAM, 0, stream, new byte[] {0, 0, 0, 8});
  }

  /** Sends what was written and reads until a frame is as wanted. */
  Frame await(Predicate<Frame> wanted) throws IOException {
    out.flush();
    while (true) {
      int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
      int type = in.readUnsignedByte();
      int flags = in.readUnsignedByte();
      int stream = in.readInt();
      byte[] payload = new byte[length];
      in.readFully(payload);
      Frame frame = new Frame(type, flags, stream, errorCode(type, payload));
      if (wanted.test(frame)) {
        return frame;
      }
    }
  }

  /** What is written to a server that may hang up in the middle of it. */
  interface Attack {
    void run() throws IOException;
  }

  /**
   * The frame by which the server ends an attack; null if it hung up without one that can be read:
   * TCP drops what the server said last if it closes before it has read all that was sent.
   *
   * @throws java.net.SocketTimeoutException if it does neither
   */
  @Nullable Frame awaitEnd(Attack attack, Predicate<Frame> wanted) throws IOException {
    try {
      attack.run();
      return await(wanted);
    } catch (EOFException | SocketException hungUp) {
      return null;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  private static int errorCode(int type, byte[] payload) {
    return switch (type) {
      case RST_STREAM -> ByteBuffer.wrap(payload).getInt();
      case GOAWAY -> ByteBuffer.wrap(payload).getInt(4);
      default -> 0;
    };
  }

  /** A string as HPACK has it, not compressed. */
  private static void text(ByteArrayOutputStream block, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    int length = bytes.length;
    if (length < 127) {
      block.write(length);
    } else {
      block.write(127);
      length -= 127;
      while (length >= 128) {
        block.write(length % 128 + 128);
        length /= 128;
      }
      block.write(length);
    }
    block.write(bytes);
  }
}
