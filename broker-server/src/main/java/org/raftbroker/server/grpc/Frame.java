package org.raftbroker.server.grpc;

import java.io.IOException;
import java.io.OutputStream;

/** A response that is encoded in one piece. */
final class Frame implements Encoded {
  private final byte[] bytes;

  /**
   * @param bytes shared, not copied; nobody changes them
   */
  Frame(byte[] bytes) {
    this.bytes = bytes;
  }

  @Override
  public int size() {
    return bytes.length;
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    out.write(bytes);
  }
}
