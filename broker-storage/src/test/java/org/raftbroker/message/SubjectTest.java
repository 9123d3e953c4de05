package org.raftbroker.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SubjectTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "orders.created",
        "a.b.c.d",
        "größe.中文.😀",
        "_raft",
        "a$b",
        "a.$b",
        "-",
        "%s",
        "x'--",
        "a.${jndi:ldap://localhost/x}",
        "e\u0301", // a combining accent is a letter's part, not invisible
      })
  void whatTheGrammarAllowsIsKeptVerbatim(String name) {
    Subject subject = new Subject(name);

    assertThat(subject.name()).isEqualTo(name);
    assertThat(subject).hasToString(name);
    assertThat(new String(subject.utf8(), StandardCharsets.UTF_8)).isEqualTo(name);
  }

  @Test
  void theLimitCountsBytesNotCharacters() {
    assertThat(new Subject("x".repeat(255)).utf8()).hasSize(255);
    assertThat(new Subject("€".repeat(85)).utf8()).hasSize(255);

    assertThat(refusal("x".repeat(256)).getMessage())
        .contains("more than 255 bytes")
        .contains("shorten it");
    assertThat(refusal("€".repeat(86)).reason()).isEqualTo(Reason.SUBJECT_INVALID);
    assertThat(refusal("€".repeat(85) + "x").reason()).isEqualTo(Reason.SUBJECT_INVALID);
  }

  @Test
  void anErrorNeverRepeatsAMegabyte() {
    assertThat(refusal("x".repeat(1 << 20)).getMessage()).hasSizeLessThan(200);
    assertThat(refusal("a.".repeat(1_000_000) + "a").getMessage()).hasSizeLessThan(200);
  }

  @Test
  void anEmptySubjectIsToldHowOneLooks() {
    assertThat(refusal("").reason()).isEqualTo(Reason.SUBJECT_INVALID);
    assertThat(refusal("").getMessage()).contains("empty").contains("orders.created");
  }

  @Test
  void anEmptyTokenIsNamedByItsPlace() {
    assertThat(refusal("a..b").getMessage()).contains("\"a..b\"").contains("at character 3;");
    assertThat(refusal(".a").getMessage()).contains("empty token at character 1;");
    assertThat(refusal("a.").getMessage()).contains("empty token at character 3;");
    assertThat(refusal(".").getMessage()).contains("empty token at character 1;");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a b", // space
        " a",
        "a\tb",
        "a\nb",
        "a\0b", // NUL
        "a\u001bb", // escape: would colour a terminal
        "a\u007fb", // delete
        "a\u0085b", // next line, a C1 control
        "a\u00a0b", // no-break space
        "a\u00adb", // soft hyphen
        "a\u200bb", // zero-width space
        "a\u200db", // zero-width joiner
        "a\u202eb", // right-to-left override
        "a\u2066b", // bidi isolate
        "a\u2028b", // line separator
        "a\u2029b",
        "a\u3000b", // ideographic space
        "a\ufeffb", // byte order mark
        "a\ud800", // half a surrogate pair: no UTF-8 has it
        "\udc00a",
        "a\uffffb", // not a character
        "a\u0378b", // not assigned
        "'; DROP TABLE subjects;--",
      })
  void invisibleAndWhiteCharactersAreRefusedAndNotRepeatedRaw(String name) {
    BrokerException refusal = refusal(name);

    assertThat(refusal.reason()).isEqualTo(Reason.SUBJECT_INVALID);
    assertThat(refusal.getMessage()).containsPattern("U\\+[0-9A-F]{4,6} at character [0-9]+;");
    assertThat(String.valueOf(refusal.getMessage()).codePoints())
        .allMatch(c -> c == ' ' || !Character.isWhitespace(c))
        .noneMatch(Character::isISOControl)
        .noneMatch(c -> Character.getType(c) == Character.FORMAT)
        .noneMatch(c -> Character.getType(c) == Character.SURROGATE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"*", ">", "orders.>", "orders.*.x", "a*b"})
  void wildcardsAreKeptForLater(String name) {
    assertThat(refusal(name).reason()).isEqualTo(Reason.WILDCARD_NOT_ALLOWED);
    assertThat(refusal(name).getMessage()).contains("wildcard").contains("name one subject");
  }

  @ParameterizedTest
  @ValueSource(strings = {"$", "$sys.x", "$SYS", "${jndi:ldap://localhost/x}"})
  void aLeadingDollarBelongsToTheSystem(String name) {
    assertThat(refusal(name).reason()).isEqualTo(Reason.SUBJECT_RESERVED);
    assertThat(refusal(name).getMessage()).contains("choose another name");
  }

  private static BrokerException refusal(String name) {
    return catchThrowableOfType(BrokerException.class, () -> new Subject(name));
  }
}
