package org.raftbroker.server.grpc;

import com.google.protobuf.Parser;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.InputStream;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.server.transport.AliasingMarshaller;

/**
 * Decodes requests; never throws: what is too large or not a message of the contract becomes a
 * refusal. Bodies share the one copy of the received bytes.
 */
final class RequestMarshaller<T> implements Marshaller<Request<T>> {
  private final Parser<T> parser;
  private final String name;
  private final LimitsConfig limits;

  /**
   * @param name of the message, for people
   */
  RequestMarshaller(Parser<T> parser, String name, LimitsConfig limits) {
    this.parser = parser;
    this.name = name;
    this.limits = limits;
  }

  @Override
  public Request<T> parse(InputStream stream) {
    try {
      int max = limits.maxRequestBytes();
      if (stream instanceof KnownLength) {
        return stream.available() > max ? tooLarge() : decoded(AliasingMarshaller.readAll(stream));
      }
      // A compressed frame: its length is not known before it is read.
      byte[] bytes = stream.readNBytes(max);
      return stream.read() == -1 ? decoded(bytes) : tooLarge();
    } catch (StatusRuntimeException e) {
      // How the transport says that a compressed frame is larger than even its own limit.
      return tooLarge();
    } catch (IOException e) {
      return Request.refused(
          new BrokerException(
              Reason.MALFORMED_REQUEST,
              "request is not a " + name + " of the contract: " + e.getMessage()));
    }
  }

  @Override
  public InputStream stream(Request<T> request) {
    throw new UnsupportedOperationException("this side only reads requests");
  }

  private Request<T> decoded(byte[] bytes) throws IOException {
    return Request.of(AliasingMarshaller.parse(parser, bytes));
  }

  private Request<T> tooLarge() {
    return Request.refused(
        new BrokerException(
            Reason.BODY_TOO_LARGE,
            name
                + " has more than "
                + limits.maxRequestBytes()
                + " bytes; bodies together may have "
                + limits.maxBodyBytes()
                + " (limits.maxBodyBytes)"));
  }
}
