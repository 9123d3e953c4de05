package org.raftbroker.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

final class RecentAnswersTest {
  private final List<String> asked = new ArrayList<>();
  private final List<CompletableFuture<Integer>> pending = new ArrayList<>();
  private final RecentAnswers<String, Integer> answers = new RecentAnswers<>(2, -1, this::ask);

  @Test
  void unknownUntilAnsweredAndAskedOnce() {
    assertThat(answers.get("a")).isEqualTo(-1);
    assertThat(answers.get("a")).isEqualTo(-1);
    assertThat(asked).containsExactly("a");

    pending.get(0).complete(5);

    assertThat(answers.get("a")).isEqualTo(5);
    assertThat(asked).containsExactly("a");
  }

  @Test
  void failedQuestionKeepsWhatIsKnownAndIsNotRepeatedAtOnce() {
    assertThat(answers.get("a")).isEqualTo(-1);
    pending.get(0).completeExceptionally(new IllegalStateException("nobody answers"));

    assertThat(answers.get("a")).isEqualTo(-1);
    assertThat(asked).containsExactly("a");
  }

  @Test
  void leastRecentlyWantedGoes() {
    answers.get("a");
    answers.get("b");
    pending.forEach(question -> question.complete(1));
    assertThat(answers.get("a")).isEqualTo(1);

    answers.get("c");

    assertThat(answers.get("a")).isEqualTo(1);
    assertThat(answers.get("b")).isEqualTo(-1);
  }

  private CompletableFuture<Integer> ask(String key) {
    asked.add(key);
    CompletableFuture<Integer> answer = new CompletableFuture<>();
    pending.add(answer);
    return answer;
  }
}
