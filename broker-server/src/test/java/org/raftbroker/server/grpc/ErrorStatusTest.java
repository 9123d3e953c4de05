package org.raftbroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status.Code;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;

final class ErrorStatusTest {
  @ParameterizedTest
  @EnumSource(Reason.class)
  void everyReasonIsToldWithItsNameDomainAndMetadata(Reason reason) {
    BrokerException refusal = new BrokerException(reason, "why", Map.of("key", "value"));

    Refusal told = Refusal.of(ErrorStatus.of(refusal).proto());

    assertThat(told.code()).isNotIn(Code.OK, Code.UNKNOWN, Code.INTERNAL);
    assertThat(told.message()).isEqualTo("why");
    assertThat(told.reason()).isEqualTo(reason.name());
    assertThat(told.domain()).isEqualTo("raftbroker");
    assertThat(told.metadata()).containsEntry("key", "value");
    assertThat(told.field() != null).isEqualTo(told.code() == Code.INVALID_ARGUMENT);
  }

  @ParameterizedTest
  @EnumSource(
      value = Reason.class,
      names = {"TOO_MANY_PENDING", "NO_QUORUM", "SHUTTING_DOWN", "SHARD_STOPPED"})
  void reasonsThatPassSayWhenToTryAgain(Reason reason) {
    assertThat(Refusal.of(ErrorStatus.of(new BrokerException(reason, "")).proto()).retryMillis())
        .isPositive();
  }

  @Test
  void refusalIsFoundInsideACompletionException() {
    ErrorStatus told =
        ErrorStatus.of(new CompletionException(new BrokerException(Reason.NO_QUORUM, "why")));

    assertThat(told.code()).isEqualTo(Code.UNAVAILABLE);
    assertThat(told.reason()).isEqualTo("NO_QUORUM");
  }

  @Test
  void defectOfOursTellsNothingOfTheInside() {
    ErrorStatus told = ErrorStatus.of(new IllegalStateException("/secret/path"));

    assertThat(told.code()).isEqualTo(Code.INTERNAL);
    assertThat(told.proto().getMessage()).doesNotContain("secret");
    assertThat(told.proto().getDetailsList()).isEmpty();
  }
}
