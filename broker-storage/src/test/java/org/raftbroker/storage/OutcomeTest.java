package org.raftbroker.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.raftbroker.message.RandomMessages;

final class OutcomeTest {
  private static final Outcome FOUR = new Outcome(new long[] {7, 8, 3, 9}, new int[] {0, 2});

  @Test
  void aSliceKeepsIdsAndCountsReusedKeysFromItsOwnStart() {
    assertThat(FOUR.slice(1, 2)).isEqualTo(new Outcome(new long[] {8, 3}, new int[] {1}));
    assertThat(FOUR.slice(3, 1)).isEqualTo(new Outcome(new long[] {9}, new int[0]));
    assertThat(FOUR.slice(0, 4)).isSameAs(FOUR);
    assertThat(FOUR.slice(2, 0)).isEqualTo(Outcome.NO_IDS);
  }

  @Test
  void reusedPositionsAreToldOneByOne() {
    assertThat(FOUR.isKeyReused(0)).isTrue();
    assertThat(FOUR.isKeyReused(1)).isFalse();
    assertThat(FOUR.isKeyReused(2)).isTrue();
    assertThat(FOUR.isKeyReused(3)).isFalse();
    assertThat(FOUR.keyReused()).containsExactly(0, 2);
    assertThat(FOUR.id(2)).isEqualTo(3);
  }

  @Test
  void whateverIsCutIntoPiecesJoinsToTheSame() {
    RandomMessages.forEachSeed(
        500,
        random -> {
          long[] ids = random.longs(random.nextInt(50), 1, 1_000).toArray();
          TreeSet<Integer> reused = new TreeSet<>();
          for (int i = 0; i < ids.length; i++) {
            if (random.nextInt(4) == 0) {
              reused.add(i);
            }
          }
          Outcome whole = new Outcome(ids, reused.stream().mapToInt(Integer::intValue).toArray());

          List<Outcome> pieces = new ArrayList<>();
          for (int from = 0; from < ids.length || pieces.isEmpty(); ) {
            int count = Math.min(ids.length - from, 1 + random.nextInt(20));
            pieces.add(whole.slice(from, count));
            from += count;
          }

          assertThat(Outcome.joined(pieces)).isEqualTo(whole);
        });
  }

  @Test
  void outOfOrderIsNotTheSameAsNoIds() {
    assertThat(Outcome.OUT_OF_ORDER).isNotEqualTo(Outcome.NO_IDS);
    assertThat(Outcome.OUT_OF_ORDER.isApplied()).isFalse();
    assertThat(Outcome.NO_IDS.isApplied()).isTrue();
  }
}
