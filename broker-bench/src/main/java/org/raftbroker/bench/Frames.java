package org.raftbroker.bench;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.PublishStreamRequest;

/**
 * Publish requests, encoded ahead. Frame number {@code f} carries the messages {@code f * size} to
 * {@code f * size + size - 1}; as subjects come in turn, frames repeat after a while.
 */
final class Frames {
  /** Bodies are noise, so that compression cannot flatter a measurement; the same in each run. */
  private static final long BODY_SEED = 7;

  private final List<byte[]> encoded = new ArrayList<>();
  private final int size;
  private final int subjects;

  private Frames(int size, int subjects) {
    this.size = size;
    this.subjects = subjects;
  }

  /** Frames of one bare PublishRequest each. */
  static Frames single(Subjects subjects, int bodyBytes) {
    Frames frames = new Frames(1, subjects.count());
    ByteString body = body(bodyBytes);
    for (int i = 0; i < subjects.count(); i++) {
      frames.encoded.add(request(subjects.name(i), body).toByteArray());
    }
    return frames;
  }

  /** Frames of many; PublishBatchRequest and PublishStreamRequest have the same form. */
  static Frames ofMany(Subjects subjects, int bodyBytes, int size) {
    Frames frames = new Frames(size, subjects.count());
    ByteString body = body(bodyBytes);
    int distinct = subjects.count() / greatestCommonDivisor(subjects.count(), size);
    for (int f = 0; f < distinct; f++) {
      PublishStreamRequest.Builder frame = PublishStreamRequest.newBuilder();
      for (int i = 0; i < size; i++) {
        frame.addMessages(request(subjects.name(frames.subjectOf(f, i)), body));
      }
      frames.encoded.add(frame.build().toByteArray());
    }
    return frames;
  }

  int size() {
    return size;
  }

  byte[] frame(long number) {
    return encoded.get((int) (number % encoded.size()));
  }

  /** The subject of a message by its place in a frame. */
  int subjectOf(long frame, int position) {
    return (int) ((frame * size + position) % subjects);
  }

  static byte[] noise(int bytes) {
    byte[] noise = new byte[bytes];
    new Random(BODY_SEED).nextBytes(noise);
    return noise;
  }

  private static ByteString body(int bytes) {
    return UnsafeByteOperations.unsafeWrap(noise(bytes));
  }

  private static PublishRequest request(String subject, ByteString body) {
    return PublishRequest.newBuilder().setSubject(subject).setBody(body).build();
  }

  private static int greatestCommonDivisor(int a, int b) {
    return b == 0 ? a : greatestCommonDivisor(b, a % b);
  }
}
