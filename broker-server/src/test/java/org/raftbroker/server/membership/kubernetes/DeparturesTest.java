package org.raftbroker.server.membership.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class DeparturesTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final List<String> MEMBERS =
      List.of("b-0", "b-1", "b-2", "b-3", "b-4", "other-7", "b-x", "b-04", "n9");

  private final List<String> asked = new ArrayList<>();
  private StatefulSetWatch.Answer answer = StatefulSetWatch.Answer.GONE;
  private final Departures departures =
      new Departures(
          "b",
          MINUTE,
          id -> {
            asked.add(id);
            return answer;
          });

  private static View<Pod> pods(String... names) {
    Map<String, Pod> byName = new HashMap<>();
    for (String name : names) {
      byName.put(name, new Pod(name, ""));
    }
    return new View<>(true, byName);
  }

  private static View<Ordinals> replicas(int replicas) {
    return new View<>(true, Map.of("b", new Ordinals(0, replicas)));
  }

  private Set<String> look(View<Pod> pods, View<Ordinals> sets, int second) {
    return departures.look(pods, sets, MEMBERS, Duration.ofSeconds(second).toNanos());
  }

  @Test
  void whoIsBeyondTheReplicasIsGoneAfterTheWaitAndNotBefore() {
    assertThat(look(pods("b-0", "b-1", "b-2"), replicas(3), 0)).isEmpty();
    assertThat(look(pods("b-0", "b-1", "b-2"), replicas(3), 59)).isEmpty();
    assertThat(look(pods("b-0", "b-1", "b-2"), replicas(3), 60)).containsOnly("b-3", "b-4");
    assertThat(asked).containsExactly("b-3", "b-4");
  }

  @Test
  void whoIsWantedIsOnlyRestartingHoweverLong() {
    look(pods("b-0", "b-2"), replicas(5), 0);

    assertThat(look(pods("b-0", "b-2"), replicas(5), 100_000)).isEmpty();
  }

  @Test
  void onePodThatTerminatesIsNotGoneYet() {
    look(pods("b-0", "b-3"), replicas(3), 0);

    assertThat(look(pods("b-0", "b-3"), replicas(3), 60)).containsOnly("b-4");
  }

  @Test
  void scalingThatIsUndoneInTimeIsForgotten() {
    look(pods("b-0"), replicas(4), 0);
    look(pods("b-0"), replicas(5), 50);

    assertThat(look(pods("b-0"), replicas(4), 60)).isEmpty();
    assertThat(look(pods("b-0"), replicas(4), 119)).isEmpty();
    assertThat(look(pods("b-0"), replicas(4), 120)).containsOnly("b-4");
  }

  @Test
  void aViewWithAGapBeginsTheWaitAnew() {
    look(pods("b-0"), replicas(4), 0);
    look(pods("b-0").outdated(), replicas(4), 30);
    look(pods("b-0"), replicas(4), 31);

    assertThat(look(pods("b-0"), replicas(4), 90)).isEmpty();
    assertThat(look(pods("b-0"), replicas(4), 91)).containsOnly("b-4");
  }

  @Test
  void withoutAStatefulSetOrWithNoReplicasNobodyIsGone() {
    View<Ordinals> none = new View<>(true, Map.of());
    look(pods("b-0"), none, 0);
    look(pods("b-0"), none, 60);
    assertThat(look(pods("b-0"), none, 120)).isEmpty();
    look(pods("b-0"), replicas(0), 200);

    assertThat(look(pods("b-0"), replicas(0), 300)).isEmpty();
    assertThat(asked).isEmpty();
  }

  @Test
  void theLastWordIsTheAnswerAndWithoutOneNothingIsDecided() {
    answer = StatefulSetWatch.Answer.UNKNOWN;
    look(pods("b-0"), replicas(3), 0);
    assertThat(look(pods("b-0"), replicas(3), 60)).isEmpty();
    assertThat(asked).as("whom there is no use to ask for").containsExactly("b-3");

    answer = StatefulSetWatch.Answer.WANTED_OR_THERE;
    assertThat(look(pods("b-0"), replicas(3), 61)).isEmpty();
    answer = StatefulSetWatch.Answer.GONE;

    assertThat(look(pods("b-0"), replicas(3), 62)).as("waits anew").isEmpty();
    assertThat(look(pods("b-0"), replicas(3), 121)).containsOnly("b-3", "b-4");
  }

  @Test
  void whatWasDecidedStaysUntilThePodIsWantedAgain() {
    look(pods("b-0"), replicas(4), 0);
    look(pods("b-0"), replicas(4), 60);

    assertThat(look(pods("b-0").outdated(), replicas(4), 70)).containsOnly("b-4");
    assertThat(look(pods("b-0"), replicas(5), 80)).isEmpty();
  }

  @Test
  void ordinalsMayBeginElsewhereAndWhatIsBelowIsNotScaledAway() {
    Ordinals ordinals = new Ordinals(2, 2);

    assertThat(ordinals.isBeyond(0)).isFalse();
    assertThat(ordinals.isBeyond(3)).isFalse();
    assertThat(ordinals.isBeyond(4)).isTrue();
    assertThat(new Ordinals(Integer.MAX_VALUE, 2).isBeyond(Integer.MAX_VALUE)).isFalse();
  }

  @Test
  void aStatefulSetThatDoesNotSayHowManyItWantsSaysNothing() {
    assertThat(ordinals("{\"spec\":{\"replicas\":3,\"ordinals\":{\"start\":1}}}"))
        .contains(new Ordinals(1, 3));
    assertThat(ordinals("{\"spec\":{}}")).isEmpty();
    assertThat(ordinals("{\"spec\":{\"replicas\":null}}")).isEmpty();
    assertThat(ordinals("{}")).isEmpty();
    assertThat(ordinals("{\"metadata\":{\"deletionTimestamp\":\"now\"},\"spec\":{\"replicas\":3}}"))
        .isEmpty();
  }

  private static Optional<Ordinals> ordinals(String json) {
    return Ordinals.of(new JsonMapper().readTree(json));
  }
}
