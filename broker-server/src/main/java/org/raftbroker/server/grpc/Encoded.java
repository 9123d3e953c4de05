package org.raftbroker.server.grpc;

import java.io.IOException;
import java.io.OutputStream;

/** A response that is already in its wire form; sending it encodes nothing again. */
interface Encoded {
  int size();

  /** Writes {@link #size()} bytes. */
  void writeTo(OutputStream out) throws IOException;
}
