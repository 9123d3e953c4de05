package org.raftbroker.message;

import com.google.protobuf.ByteString;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Messages of every shape, from a seed that a failure names. */
public final class RandomMessages {
  /** One, two, three and four bytes of UTF-8. */
  private static final String[] LETTERS = {"a", "Z", "7", "-", "_", "ä", "ж", "中", "€", "😀"};

  private final Random random;

  public RandomMessages(Random random) {
    this.random = random;
  }

  /** Runs {@code check} with seeds 0, 1, 2, …; a failure says which one it was. */
  public static void forEachSeed(int seeds, Consumer<Random> check) {
    for (int seed = 0; seed < seeds; seed++) {
      try {
        check.accept(new Random(seed));
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("failed with seed " + seed, e);
      }
    }
  }

  public NewMessage message() {
    return message(new Subject(text(1 + random.nextInt(12)) + "." + text(1 + random.nextInt(12))));
  }

  public NewMessage message(Subject subject) {
    int expirationSeconds =
        random.nextBoolean() ? 0 : random.nextInt(random.nextBoolean() ? 10 : Integer.MAX_VALUE);
    return new NewMessage(subject, body(), expirationSeconds, headers(), idempotency());
  }

  /** Empty, of one piece, or a rope of two. */
  private ByteString body() {
    byte[] first = new byte[random.nextInt(3) == 0 ? 0 : random.nextInt(400)];
    byte[] second = new byte[random.nextBoolean() ? 0 : random.nextInt(400)];
    random.nextBytes(first);
    random.nextBytes(second);
    return ByteString.copyFrom(first).concat(ByteString.copyFrom(second));
  }

  private Map<String, String> headers() {
    Map<String, String> headers = new HashMap<>();
    for (int left = random.nextBoolean() ? 0 : random.nextInt(6); left > 0; left--) {
      headers.put(text(1 + random.nextInt(20)), text(random.nextInt(200)));
    }
    return headers;
  }

  private NewMessage.@Nullable Idempotency idempotency() {
    return random.nextBoolean()
        ? null
        : new NewMessage.Idempotency(text(1 + random.nextInt(60)), 1 + random.nextInt(3600));
  }

  private String text(int letters) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < letters; i++) {
      text.append(LETTERS[random.nextInt(LETTERS.length)]);
    }
    return text.toString();
  }
}
