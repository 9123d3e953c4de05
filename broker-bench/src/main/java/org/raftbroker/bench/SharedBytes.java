package org.raftbroker.bench;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * An encoded request that many calls send. It writes itself to the transport in one piece; a plain
 * stream would be copied through a fresh 8 KiB buffer each time.
 */
final class SharedBytes extends ByteArrayInputStream implements KnownLength, Drainable {
  SharedBytes(byte[] bytes) {
    super(bytes);
  }

  @Override
  public int drainTo(OutputStream target) throws IOException {
    int drained = count - pos;
    target.write(buf, pos, drained);
    pos = count;
    return drained;
  }
}
