package org.raftbroker.server.grpc;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor.Marshaller;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** Hands encoded responses to the transport, which copies them into its buffer once. */
final class EncodedMarshaller<A extends Encoded> implements Marshaller<A> {
  @Override
  public InputStream stream(A response) {
    return new Stream(response);
  }

  @Override
  public A parse(InputStream stream) {
    throw new UnsupportedOperationException("this side only writes responses");
  }

  private static final class Stream extends InputStream implements KnownLength, Drainable {
    private final Encoded response;
    private @Nullable InputStream bytes;

    Stream(Encoded response) {
      this.response = response;
    }

    @Override
    public int available() throws IOException {
      return bytes == null ? response.size() : bytes.available();
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      response.writeTo(target);
      return response.size();
    }

    // Netty's transport drains; only a transport that does not comes here.
    @Override
    public int read() throws IOException {
      return bytes().read();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      return bytes().read(target, offset, length);
    }

    private InputStream bytes() throws IOException {
      if (bytes == null) {
        ByteArrayOutputStream all = new ByteArrayOutputStream(response.size());
        response.writeTo(all);
        bytes = new ByteArrayInputStream(all.toByteArray());
      }
      return bytes;
    }
  }
}
