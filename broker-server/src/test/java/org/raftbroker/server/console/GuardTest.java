package org.raftbroker.server.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.Headers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.raftbroker.server.membership.Address;

final class GuardTest {
  private static final Address LOOPBACK = new Address("127.0.0.1", 9391);
  private static final Address EVERYWHERE = new Address("0.0.0.0", 9391);
  private static final String TOKEN = "correct-horse-battery";

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:9391", "localhost:8080", "[::1]:9391", "127.0.0.1", "[::1]"})
  void thisMachineNeedsNoToken(String host) throws Refusal {
    new Guard(LOOPBACK, "").check("GET", headers("Host", host));
  }

  @ParameterizedTest
  @ValueSource(strings = {"rebound.example:9391", "127.0.0.1.rebound.example", "10.0.0.1:9391", ""})
  void withoutATokenAnotherNameForThisMachineIsRefused(String host) {
    Guard guard = new Guard(LOOPBACK, "");

    assertRefused(guard, "GET", headers("Host", host), 403, "HOST_UNKNOWN");
  }

  @Test
  void withoutAHostNobodyIsServed() {
    assertRefused(new Guard(LOOPBACK, ""), "GET", new Headers(), 403, "HOST_UNKNOWN");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::", "10.0.0.1", "broker-0.example"})
  void wherePeopleElsewhereCanReachItItIsClosedWithoutAToken(String host) {
    Guard guard = new Guard(new Address(host, 9391), "");

    assertThat(guard.isOpen()).isFalse();
    assertThatThrownBy(guard::checkOpen)
        .isInstanceOf(Refusal.class)
        .hasMessageContaining(":9391")
        .hasMessageContaining("http.console.token (BROKER_HTTP_CONSOLE_TOKEN)")
        .hasMessageContaining("listen.http");
    assertRefused(guard, "GET", headers("Host", "127.0.0.1:9391"), 403, "CONSOLE_CLOSED");
  }

  @Test
  void whoKnowsTheTokenIsServedUnderAnyName() throws Refusal {
    Guard guard = new Guard(EVERYWHERE, TOKEN);

    assertThat(guard.isOpen()).isTrue();
    guard.check("GET", headers("Host", "broker.example", "Authorization", "Bearer " + TOKEN));
  }

  @ParameterizedTest
  @CsvSource({
    "Bearer correct-horse-batterx, TOKEN_WRONG",
    "Bearer correct-horse-battery2, TOKEN_WRONG",
    "'Bearer ', TOKEN_WRONG",
    "Basic correct-horse-battery, TOKEN_REQUIRED",
    "correct-horse-battery, TOKEN_REQUIRED"
  })
  void whoDoesNotIsAsked(String authorization, String reason) {
    Guard guard = new Guard(LOOPBACK, TOKEN);

    assertRefused(guard, "GET", headers("Authorization", authorization), 401, reason);
    assertRefused(guard, "GET", headers("Host", "localhost"), 401, "TOKEN_REQUIRED");
  }

  @Test
  void aRefusalDoesNotTellTheToken() {
    assertThatThrownBy(
            () ->
                new Guard(EVERYWHERE, TOKEN).check("GET", headers("Authorization", "Bearer guess")))
        .hasMessageNotContaining(TOKEN);
  }

  @ParameterizedTest
  @CsvSource({
    "Sec-Fetch-Site, cross-site",
    "Sec-Fetch-Site, same-site",
    "Origin, http://evil.example",
    "Origin, null"
  })
  void pagesOfOthersAreRefused(String header, String value) {
    Headers headers = headers("Host", "localhost:9391", header, value);

    assertRefused(new Guard(LOOPBACK, ""), "GET", headers, 403, "CROSS_SITE");
  }

  @ParameterizedTest
  @CsvSource({
    "Sec-Fetch-Site, same-origin",
    "Sec-Fetch-Site, none",
    "Origin, http://localhost:9391",
    "Origin, https://localhost:9391"
  })
  void itsOwnPageIsServed(String header, String value) throws Refusal {
    new Guard(LOOPBACK, "").check("GET", headers("Host", "localhost:9391", header, value));
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/plain", "application/x-www-form-urlencoded", "application/jsonp"})
  void whatAFormCouldSendIsRefused(String type) {
    Headers headers = headers("Host", "localhost", "Content-Type", type);

    assertRefused(new Guard(LOOPBACK, ""), "POST", headers, 415, "JSON_REQUIRED");
    assertRefused(
        new Guard(LOOPBACK, ""), "POST", headers("Host", "localhost"), 415, "JSON_REQUIRED");
  }

  @Test
  void jsonMaySayItsCharset() throws Refusal {
    Headers headers =
        headers("Host", "localhost", "Content-Type", "Application/JSON; charset=utf-8");

    new Guard(LOOPBACK, "").check("POST", headers);
  }

  private static void assertRefused(
      Guard guard, String method, Headers headers, int status, String reason) {
    assertThatThrownBy(() -> guard.check(method, headers))
        .isInstanceOfSatisfying(
            Refusal.class,
            refusal -> {
              assertThat(refusal.reason()).isEqualTo(reason);
              assertThat(refusal.status()).isEqualTo(status);
            });
  }

  private static Headers headers(String... namesAndValues) {
    Headers headers = new Headers();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      headers.set(namesAndValues[i], namesAndValues[i + 1]);
    }
    return headers;
  }
}
