package org.raftbroker.bench;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import io.grpc.MethodDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.MessageBatch;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.PublishResponse;
import org.raftbroker.proto.PublishResult;
import org.raftbroker.proto.PublishStreamResponse;

/**
 * The contract's methods with ready bytes as requests, and answers of which only the looked-at
 * fields are read. The load generator shares the cores with the nodes it measures, so what it does
 * not spend counts. {@code RawMethodsTest} holds it to the generated classes.
 */
final class RawMethods {
  static final MethodDescriptor<byte[], Long> PUBLISH =
      raw(BrokerGrpc.getPublishMethod(), RawMethods::publishedId);
  static final MethodDescriptor<byte[], PublishResults> PUBLISH_BATCH =
      raw(BrokerGrpc.getPublishBatchMethod(), RawMethods::results);
  static final MethodDescriptor<byte[], PublishResults> PUBLISH_STREAM =
      raw(BrokerGrpc.getPublishStreamMethod(), RawMethods::results);
  static final MethodDescriptor<byte[], Delivered> FETCH =
      raw(BrokerGrpc.getFetchMethod(), RawMethods::delivered);
  static final MethodDescriptor<byte[], List<Delivered>> SUBSCRIBE =
      raw(BrokerGrpc.getSubscribeMethod(), in -> List.of(delivered(in)));
  static final MethodDescriptor<byte[], List<Delivered>> SUBSCRIBE_BATCHES =
      raw(BrokerGrpc.getSubscribeBatchesMethod(), RawMethods::batch);

  private RawMethods() {}

  private interface Parser<A> {
    A parse(CodedInputStream in) throws IOException;
  }

  private static <A> MethodDescriptor<byte[], A> raw(
      MethodDescriptor<?, ?> method, Parser<A> parser) {
    return MethodDescriptor.<byte[], A>newBuilder()
        .setType(method.getType())
        .setFullMethodName(method.getFullMethodName())
        .setRequestMarshaller(new RequestBytes())
        .setResponseMarshaller(new Answer<>(parser))
        .build();
  }

  private static Long publishedId(CodedInputStream in) throws IOException {
    long id = 0;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (WireFormat.getTagFieldNumber(tag) == PublishResponse.ID_FIELD_NUMBER) {
        id = in.readInt64();
      } else {
        in.skipField(tag);
      }
    }
    return id;
  }

  /** PublishBatchResponse and PublishStreamResponse have one form: results in field 1. */
  private static PublishResults results(CodedInputStream in) throws IOException {
    long[] ids = new long[16];
    int[] codes = new int[16];
    int size = 0;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (WireFormat.getTagFieldNumber(tag) != PublishStreamResponse.RESULTS_FIELD_NUMBER) {
        in.skipField(tag);
        continue;
      }
      if (size == ids.length) {
        ids = Arrays.copyOf(ids, size * 2);
        codes = Arrays.copyOf(codes, size * 2);
      }
      int limit = in.pushLimit(in.readRawVarint32());
      for (int inner = in.readTag(); inner != 0; inner = in.readTag()) {
        switch (WireFormat.getTagFieldNumber(inner)) {
          case PublishResult.ID_FIELD_NUMBER -> ids[size] = in.readInt64();
          case PublishResult.ERROR_FIELD_NUMBER ->
              codes[size] = com.google.rpc.Status.parseFrom(in.readByteArray()).getCode();
          default -> in.skipField(inner);
        }
      }
      in.popLimit(limit);
      size++;
    }
    return new PublishResults(Arrays.copyOf(ids, size), Arrays.copyOf(codes, size));
  }

  private static List<Delivered> batch(CodedInputStream in) throws IOException {
    List<Delivered> messages = new ArrayList<>();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (WireFormat.getTagFieldNumber(tag) == MessageBatch.MESSAGES_FIELD_NUMBER) {
        int limit = in.pushLimit(in.readRawVarint32());
        messages.add(delivered(in));
        in.popLimit(limit);
      } else {
        in.skipField(tag);
      }
    }
    return messages;
  }

  private static Delivered delivered(CodedInputStream in) throws IOException {
    long id = 0;
    long previousId = 0;
    int bodyBytes = 0;
    long stamp = 0;
    int publisher = 0;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case MessageResponse.BODY_FIELD_NUMBER -> {
          bodyBytes = in.readRawVarint32();
          if (bodyBytes >= BenchSettings.MIN_BODY_BYTES) {
            ByteBuffer head = ByteBuffer.wrap(in.readRawBytes(BenchSettings.MIN_BODY_BYTES));
            stamp = head.getLong();
            publisher = head.getInt();
            in.skipRawBytes(bodyBytes - BenchSettings.MIN_BODY_BYTES);
          } else {
            in.skipRawBytes(bodyBytes);
          }
        }
        case MessageResponse.ID_FIELD_NUMBER -> id = in.readInt64();
        case MessageResponse.PREVIOUS_ID_FIELD_NUMBER -> previousId = in.readInt64();
        default -> in.skipField(tag);
      }
    }
    return new Delivered(id, previousId, bodyBytes, stamp, publisher);
  }

  private static final class RequestBytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] request) {
      return new SharedBytes(request);
    }

    @Override
    public byte[] parse(InputStream stream) {
      throw new UnsupportedOperationException("a client reads no requests");
    }
  }

  private record Answer<A>(Parser<A> parser) implements MethodDescriptor.Marshaller<A> {
    @Override
    public InputStream stream(A answer) {
      throw new UnsupportedOperationException("a client sends no answers");
    }

    @Override
    public A parse(InputStream stream) {
      try {
        return parser.parse(CodedInputStream.newInstance(stream.readAllBytes()));
      } catch (IOException e) {
        throw io.grpc.Status.INTERNAL
            .withDescription("unreadable answer")
            .withCause(e)
            .asRuntimeException();
      }
    }
  }
}
