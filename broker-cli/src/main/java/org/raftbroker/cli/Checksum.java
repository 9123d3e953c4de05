package org.raftbroker.cli;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** The running checksum of a subject, as {@code MessageResponse.checksum} documents it. */
final class Checksum {
  private Checksum() {}

  static int of(int previousChecksum, long id, ByteString body) {
    CRC32C crc = new CRC32C();
    crc.update(
        ByteBuffer.allocate(Integer.BYTES + Long.BYTES)
            .putInt(previousChecksum)
            .putLong(id)
            .flip());
    for (ByteBuffer part : body.asReadOnlyByteBufferList()) {
      crc.update(part);
    }
    return (int) crc.getValue();
  }
}
