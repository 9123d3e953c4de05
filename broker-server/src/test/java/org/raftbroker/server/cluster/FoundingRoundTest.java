package org.raftbroker.server.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.raftbroker.server.cluster.FoundingRound.Answer;
import org.raftbroker.server.cluster.FoundingRound.Decision;
import org.raftbroker.server.cluster.FoundingRound.Found;
import org.raftbroker.server.cluster.FoundingRound.Join;
import org.raftbroker.server.cluster.FoundingRound.Wait;

class FoundingRoundTest {
  private static final String TERMS = "cluster c";

  @Test
  void aNodeAloneFoundsItsCluster() {
    assertThat(decide(new TreeMap<>())).isEqualTo(found(Map.of("n1", "d1")));
  }

  @Test
  void whenAllAreEmptyTheClusterIsNew() {
    assertThat(decide(answers(empty("n2", "d2"), empty("n3", "d3"))))
        .isEqualTo(found(Map.of("n1", "d1", "n2", "d2", "n3", "d3")));
  }

  @Test
  void oneThatDoesNotAnswerMayBeTheOneWithTheData() {
    SortedMap<String, @Nullable Answer> answers = answers(empty("n2", "d2"));
    answers.put("n3", null);

    assertThat(decide(answers))
        .isInstanceOfSatisfying(
            Wait.class, wait -> assertThat(wait.why()).contains("n3 does not answer"));
  }

  @Test
  void oneThatWasFasterHasFoundedWithThisVeryDisk() {
    Map<String, String> disks = Map.of("n1", "d1", "n2", "d2", "n3", "d3");
    SortedMap<String, @Nullable Answer> answers =
        answers(new Answer("n2", "d2", TERMS, true, disks));
    answers.put("n3", null);

    assertThat(decide(answers)).isEqualTo(found(disks));
  }

  @Test
  void aDiskThatTheFoundersDoNotKnowIsANewOneInAnOldPlace() {
    Map<String, String> disks = Map.of("n1", "the-lost-one", "n2", "d2", "n3", "d3");

    assertThat(decide(answers(empty("n3", "d3"), new Answer("n2", "d2", TERMS, true, disks))))
        .isInstanceOf(Join.class);
  }

  @Test
  void oneThatHasDataAndDoesNotRememberHowItBeganIsEnough() {
    assertThat(decide(answers(empty("n3", "d3"), new Answer("n2", "d2", TERMS, true, Map.of()))))
        .isInstanceOf(Join.class);
  }

  @Test
  void foundersThatWantDifferentClustersWaitAndSayWhy() {
    assertThat(decide(answers(new Answer("n2", "d2", "cluster other", false, Map.of()))))
        .isInstanceOfSatisfying(
            Wait.class,
            wait -> assertThat(wait.why()).contains("n2", "cluster other", "cluster c"));
  }

  @Test
  void aWrongAddressIsNoticed() {
    SortedMap<String, @Nullable Answer> answers = answers();
    answers.put("n2", empty("n3", "d3"));

    assertThat(decide(answers))
        .isInstanceOfSatisfying(
            Wait.class,
            wait -> assertThat(wait.why()).contains("address of n2", "calls itself n3"));
  }

  private static Decision decide(SortedMap<String, @Nullable Answer> answers) {
    return FoundingRound.decide("n1", "d1", TERMS, answers);
  }

  private static Answer empty(String id, String disk) {
    return new Answer(id, disk, TERMS, false, Map.of());
  }

  private static SortedMap<String, @Nullable Answer> answers(Answer... all) {
    SortedMap<String, @Nullable Answer> answers = new TreeMap<>();
    for (Answer answer : all) {
      answers.put(answer.memberId(), answer);
    }
    return answers;
  }

  private static Found found(Map<String, String> disks) {
    return new Found(new TreeMap<>(disks));
  }
}
