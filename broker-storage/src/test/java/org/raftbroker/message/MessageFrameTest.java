package org.raftbroker.message;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.raftbroker.proto.MessageResponse;

final class MessageFrameTest {
  private static final Subject ORDERS = new Subject("orders");

  @Test
  void everyFrameIsReadByTheGeneratedClassAsTheMessageThatWasWritten() {
    RandomMessages.forEachSeed(
        2_000,
        random -> {
          NewMessage message = new RandomMessages(random).message();
          long id = 1 + number(random);
          long publishedAt = 1 + number(random);
          long expiresAt = random.nextBoolean() ? 0 : number(random);
          long previousId = random.nextBoolean() ? 0 : number(random);
          int checksum = random.nextInt(4) == 0 ? 0 : random.nextInt();

          byte[] frame =
              MessageFrame.encode(message, id, publishedAt, expiresAt, previousId, checksum);

          MessageResponse expected =
              MessageResponse.newBuilder()
                  .setBody(message.body())
                  .setId(id)
                  .setSubject(message.subject().name())
                  .setPublishedAtMillis(publishedAt)
                  .setExpiresAtMillis(expiresAt)
                  .putAllHeaders(message.headers())
                  .setPreviousId(previousId)
                  .setChecksum(checksum)
                  .build();
          assertThat(parsed(frame)).isEqualTo(expected);
          assertThat(frame.length).isEqualTo(expected.getSerializedSize());
          assertThat(MessageFrame.publishedAtMillis(frame)).isEqualTo(publishedAt);
          assertThat(MessageFrame.expiresAtMillis(frame)).isEqualTo(expiresAt);
        });
  }

  @Test
  void theOrderInWhichHeadersWereGivenDoesNotReachTheFrame() {
    Map<String, String> rising = new LinkedHashMap<>();
    Map<String, String> falling = new LinkedHashMap<>();
    for (int i = 0; i < 20; i++) {
      rising.put("h" + i, "v" + i);
      falling.put("h" + (19 - i), "v" + (19 - i));
    }

    byte[] one = MessageFrame.encode(withHeaders(rising), 1, 1, 0, 0, 0);
    byte[] other = MessageFrame.encode(withHeaders(falling), 1, 1, 0, 0, 0);

    assertThat(one).isEqualTo(other);
    // Map.copyOf iterates in an order of its own in each process; the frame's is by name.
    assertThat(new String(one, StandardCharsets.UTF_8)).containsSubsequence("h0", "h1", "h10");
  }

  @Test
  void theChecksumRunsOverPreviousChecksumIdAndBody() {
    RandomMessages.forEachSeed(
        500,
        random -> {
          ByteString body = new RandomMessages(random).message().body();
          int previous = random.nextInt();
          long id = random.nextLong();

          CRC32C expected = new CRC32C();
          expected.update(ByteBuffer.allocate(4).putInt(previous).array());
          expected.update(ByteBuffer.allocate(8).putLong(id).array());
          expected.update(body.toByteArray());
          assertThat(MessageFrame.checksum(previous, id, body))
              .isEqualTo((int) expected.getValue());
        });
  }

  @Test
  void theChecksumOfAKnownSequenceNeverChanges() {
    // Clients in other languages compute it, too; these values come from a CRC-32C written down
    // bit by bit, see below.
    int first = MessageFrame.checksum(0, 1, ByteString.copyFromUtf8("a"));
    int second = MessageFrame.checksum(first, 2, ByteString.copyFromUtf8("b"));

    assertThat(first).isEqualTo(crc32c(0, 1, "a"));
    assertThat(second).isEqualTo(crc32c(first, 2, "b"));
    assertThat(crc("123456789".getBytes(StandardCharsets.US_ASCII))).isEqualTo(0xE3069283);
  }

  private static int crc32c(int previous, long id, String body) {
    byte[] text = body.getBytes(StandardCharsets.UTF_8);
    return crc(
        ByteBuffer.allocate(12 + text.length).putInt(previous).putLong(id).put(text).array());
  }

  /** Castagnoli's polynomial, reflected: RFC 3720, appendix B.4, which also has the check value. */
  private static int crc(byte[] bytes) {
    int crc = -1;
    for (byte b : bytes) {
      crc ^= b & 0xff;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 1) == 0 ? crc >>> 1 : (crc >>> 1) ^ 0x82F63B78;
      }
    }
    return ~crc;
  }

  @Test
  void headersAreReadBack() {
    Map<String, String> headers = Map.of("b", "2", "a", "1", "empty", "");

    assertThat(MessageFrame.headers(MessageFrame.encode(withHeaders(headers), 5, 1, 2, 4, 7)))
        .isEqualTo(headers);
    assertThat(MessageFrame.headers(MessageFrame.encode(withHeaders(Map.of()), 5, 1, 0, 4, 7)))
        .isEmpty();
  }

  private static NewMessage withHeaders(Map<String, String> headers) {
    return new NewMessage(ORDERS, ByteString.EMPTY, 0, headers, null);
  }

  /** Of every length that a variable-length number can have. */
  private static long number(Random random) {
    return random.nextLong() >>> (1 + random.nextInt(63));
  }

  private static MessageResponse parsed(byte[] frame) {
    try {
      return MessageResponse.parseFrom(frame);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("not a MessageResponse", e);
    }
  }
}
