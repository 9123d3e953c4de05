package org.raftbroker.systemtests.load;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/** Bodies of one publisher: each unlike any other of the run. One thread. */
final class Payloads {
  private final String publisher;
  private final int leastBytes;
  private final Random random;
  private long count;

  Payloads(String publisher, int leastBytes, Random random) {
    this.publisher = publisher;
    this.leastBytes = leastBytes;
    this.random = random;
  }

  ByteString next() {
    byte[] name = (publisher + "#" + ++count + " ").getBytes(StandardCharsets.UTF_8);
    int size = Math.max(leastBytes, name.length);
    if (random.nextBoolean()) {
      size += random.nextInt(leastBytes + 1);
    }
    byte[] body = Arrays.copyOf(name, size);
    for (int i = name.length; i < size; i++) {
      body[i] = (byte) ('a' + (i + count) % 26);
    }
    return ByteString.copyFrom(body);
  }
}
