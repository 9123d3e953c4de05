package org.raftbroker.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.raftbroker.proto.MessageBatch;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.PublishResponse;
import org.raftbroker.proto.PublishResult;
import org.raftbroker.proto.PublishStreamRequest;
import org.raftbroker.proto.PublishStreamResponse;

/** Holds what is read and written by hand to the generated classes. */
class RawMethodsTest {
  @Test
  void publishedIdIsRead() {
    assertThat(parse(RawMethods.PUBLISH, PublishResponse.newBuilder().setId(1L << 40).build()))
        .isEqualTo(1L << 40);
  }

  @Test
  void resultsOfAnyNumberAreRead() {
    PublishStreamResponse.Builder response = PublishStreamResponse.newBuilder();
    for (int i = 1; i <= 1000; i++) {
      response.addResults(
          i % 7 == 0
              ? PublishResult.newBuilder()
                  .setError(com.google.rpc.Status.newBuilder().setCode(8).setMessage("full"))
              : PublishResult.newBuilder().setId(i));
    }

    PublishResults results = parse(RawMethods.PUBLISH_STREAM, response.build());

    assertThat(results.size()).isEqualTo(1000);
    for (int i = 1; i <= 1000; i++) {
      assertThat(results.ids()[i - 1]).isEqualTo(i % 7 == 0 ? 0 : i);
      assertThat(results.codes()[i - 1]).isEqualTo(i % 7 == 0 ? 8 : 0);
    }
  }

  @Test
  void deliveredMessageIsRead() {
    MessageResponse message = message(42, 256);

    assertThat(parse(RawMethods.SUBSCRIBE, message))
        .containsExactly(new Delivered(42, 41, 256, 1234, 5));
    assertThat(parse(RawMethods.FETCH, message)).isEqualTo(new Delivered(42, 41, 256, 1234, 5));
  }

  @Test
  void bodyWithoutAStampIsRead() {
    MessageResponse message =
        MessageResponse.newBuilder().setId(1).setBody(ByteString.copyFromUtf8("short")).build();

    assertThat(parse(RawMethods.FETCH, message)).isEqualTo(new Delivered(1, 0, 5, 0, 0));
  }

  @Test
  void batchesAreRead() {
    MessageBatch batch =
        MessageBatch.newBuilder().addMessages(message(7, 12)).addMessages(message(8, 5000)).build();

    assertThat(parse(RawMethods.SUBSCRIBE_BATCHES, batch))
        .isEqualTo(List.of(new Delivered(7, 6, 12, 1234, 5), new Delivered(8, 7, 5000, 1234, 5)));
  }

  @Test
  void framesCarryTheirMessagesToSubjectsInTurn() throws IOException {
    Random random = new Random(3);
    for (int round = 0; round < 50; round++) {
      Subjects subjects = new Subjects("test", 1 + random.nextInt(12));
      int size = 1 + random.nextInt(12);
      Frames frames = Frames.ofMany(subjects, 20, size);
      for (long number = 0; number < 30; number++) {
        List<PublishRequest> messages =
            PublishStreamRequest.parseFrom(frames.frame(number)).getMessagesList();
        assertThat(messages).hasSize(size);
        for (int i = 0; i < size; i++) {
          int expected = (int) ((number * size + i) % subjects.count());
          assertThat(frames.subjectOf(number, i)).isEqualTo(expected);
          assertThat(messages.get(i).getSubject()).isEqualTo(subjects.name(expected));
          assertThat(messages.get(i).getBody().size()).isEqualTo(20);
        }
      }
    }
  }

  @Test
  void sharedBytesAreSentWholeEachTime() throws IOException {
    byte[] bytes = {1, 2, 3};
    for (int i = 0; i < 2; i++) {
      SharedBytes stream = new SharedBytes(bytes);
      ByteArrayOutputStream sent = new ByteArrayOutputStream();

      assertThat(stream.available()).isEqualTo(3);
      assertThat(stream.drainTo(sent)).isEqualTo(3);
      assertThat(sent.toByteArray()).isEqualTo(bytes);
      assertThat(stream.available()).isZero();
    }
  }

  private static <A> A parse(MethodDescriptor<byte[], A> method, Message answer) {
    return method.parseResponse(new ByteArrayInputStream(answer.toByteArray()));
  }

  private static MessageResponse message(long id, int bodyBytes) {
    ByteBuffer body = ByteBuffer.allocate(bodyBytes).putLong(1234).putInt(5);
    return MessageResponse.newBuilder()
        .setSubject("orders")
        .setId(id)
        .setPreviousId(id - 1)
        .setChecksum(-1)
        .setPublishedAtMillis(99)
        .putHeaders("k", "v")
        .setBody(ByteString.copyFrom(body.rewind()))
        .build();
  }
}
