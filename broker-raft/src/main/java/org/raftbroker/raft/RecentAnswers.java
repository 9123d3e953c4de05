package org.raftbroker.raft;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What other nodes answered, for callers that cannot wait: they get what was answered last, and an
 * answer that is getting old is asked for again in the background. The first caller of all gets
 * what stands for "not known yet". The least recently wanted go when there are too many. Any
 * thread; nothing blocks.
 */
final class RecentAnswers<K, V> {
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final int maxAnswers;
  private final V unknown;
  private final Function<K, CompletableFuture<V>> ask;

  // Guarded by "this".
  private final Map<K, Answer<V>> answerByKey = new LinkedHashMap<>(16, 0.75f, true);

  RecentAnswers(int maxAnswers, V unknown, Function<K, CompletableFuture<V>> ask) {
    this.maxAnswers = maxAnswers;
    this.unknown = unknown;
    this.ask = ask;
  }

  V get(K key) {
    Answer<V> answer;
    synchronized (this) {
      answer = answerByKey.get(key);
      if (answer == null) {
        answer = new Answer<>(unknown);
        answerByKey.put(key, answer);
        if (answerByKey.size() > maxAnswers) {
          answerByKey.remove(answerByKey.keySet().iterator().next());
        }
      }
    }
    if (answer.isToBeAsked()) {
      Answer<V> asked = answer;
      var unused = ask.apply(key).whenComplete(asked::answered);
    }
    return answer.value;
  }

  private static final class Answer<V> {
    volatile V value;

    // Guarded by "this".
    private boolean asking;
    private long answeredNanos = System.nanoTime() - FRESH_NANOS;

    Answer(V value) {
      this.value = value;
    }

    synchronized boolean isToBeAsked() {
      if (asking || System.nanoTime() - answeredNanos < FRESH_NANOS) {
        return false;
      }
      asking = true;
      return true;
    }

    /** After a failure, too, it is not asked for again at once. */
    synchronized void answered(@Nullable V answer, @Nullable Throwable failure) {
      asking = false;
      answeredNanos = System.nanoTime();
      if (answer != null) {
        value = answer;
      }
    }
  }
}
