package org.raftbroker.server.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayInputStream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.raftbroker.proto.PublishRequest;

final class AliasingMarshallerTest {
  private static final PublishRequest MESSAGE =
      PublishRequest.newBuilder()
          .setSubject("orders")
          .setBody(ByteString.copyFromUtf8("body"))
          .build();

  private final AliasingMarshaller<PublishRequest> marshaller =
      new AliasingMarshaller<>(PublishRequest.getDefaultInstance());

  @Test
  void readsWhatItWrote() {
    assertThat(marshaller.parse(marshaller.stream(MESSAGE))).isEqualTo(MESSAGE);
    assertThat(marshaller.parse(new ByteArrayInputStream(MESSAGE.toByteArray())))
        .isEqualTo(MESSAGE);
  }

  @Test
  void bodySharesTheReceivedBytes() throws InvalidProtocolBufferException {
    byte[] received = MESSAGE.toByteArray();
    PublishRequest message = AliasingMarshaller.parse(PublishRequest.parser(), received);

    // Nobody does this but a test that wants to see whose memory it is.
    Arrays.fill(received, (byte) 'x');

    assertThat(message.getBody().toStringUtf8()).isEqualTo("xxxx");
  }

  @Test
  void bytesThatAreNoMessageAreRefused() {
    assertThatThrownBy(() -> marshaller.parse(new ByteArrayInputStream(new byte[] {1, -1, -1})))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("INVALID_ARGUMENT");
  }
}
