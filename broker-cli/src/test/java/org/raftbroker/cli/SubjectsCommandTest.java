package org.raftbroker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.admin.CreateSubjectRequest;
import org.raftbroker.proto.admin.PurgeSubjectRequest;
import org.raftbroker.proto.admin.SubjectDescription;
import org.raftbroker.proto.admin.SubjectSettings;

class SubjectsCommandTest {
  private MemoryStore store;
  private MemoryBroker broker;
  private MemoryBroker other;

  @BeforeEach
  void start() throws IOException {
    store = new MemoryStore();
    broker = new MemoryBroker(store);
    other = new MemoryBroker(store);
  }

  @AfterEach
  void stop() {
    broker.close();
    other.close();
  }

  @Test
  void createTakesEverySettingAndPrintsTheDescription() {
    Ctl run =
        ctl(
            "subjects",
            "create",
            "orders",
            "--default-expiration",
            "36h",
            "--max-body",
            "64KiB",
            "--max-messages",
            "1000000",
            "--max-age",
            "30d",
            "--max-bytes",
            "10GiB");

    assertThat(run.exitCode()).isZero();
    assertThat(settings("orders"))
        .isEqualTo(
            SubjectSettings.newBuilder()
                .setDefaultExpirationSeconds(36 * 3600)
                .setMaxBodyBytes(64 << 10)
                .setMaxMessages(1_000_000)
                .setMaxAgeSeconds(30 * 86_400)
                .setMaxBytes(10L << 30)
                .build());
    assertThat(run.out())
        .isEqualTo(
            """
            subject: orders
            shard: 0
            messages: 0
            first id: 1
            last id: 0
            stored: 0 messages, 0 B
            archived up to id: 0
            archived ever: 0 messages, 0 B
            created: 1970-01-01T00:00:01Z
            default expiration: 36h
            max body: 64KiB
            max messages: 1000000
            max age: 30d
            max bytes: 10GiB
            """);
  }

  @Test
  void createWithoutSettingsHasNone() {
    assertThat(ctl("subjects", "create", "orders").lines())
        .containsSubsequence(
            "default expiration: never",
            "max body: limits.maxBodyBytes of the nodes",
            "max messages: no limit",
            "max age: no limit",
            "max bytes: no limit");
    assertThat(settings("orders")).isEqualTo(MemorySubjects.NO_SETTINGS);
  }

  @Test
  void createOfAKnownSubjectIsRefused() {
    publish("orders", 1);

    Ctl run = ctl("subjects", "create", "orders");

    assertThat(run.exitCode()).isEqualTo(ExitCode.REFUSED);
    assertThat(run.err())
        .isEqualTo("error: ALREADY_EXISTS SUBJECT_EXISTS subject \"orders\" exists\n");
  }

  @Test
  void createGoesToTheNextServerOnlyIfItWasNotSent() {
    broker.refuseNext(1);

    Ctl refused = both("subjects", "create", "orders");
    broker.close();
    Ctl unsent = both("subjects", "create", "orders");

    assertThat(refused.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(unsent.exitCode()).isZero();
    assertThat(other.calls()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "--max-age, 90, '90' is not a duration such as",
        "--max-age, 1500ms, '1500ms' is no whole number of seconds; write 2s",
        "--default-expiration, 25000d, '25000d' is longer than the longest, 24855d;",
        "--max-bytes, 10GB, '10GB' is not a size such as",
        "--max-body, 2GiB, --max-body 2GiB is above 2147483647 bytes; write a smaller size",
        "--max-messages, many, 'many' is not a long"
      })
  void wrongSettingIsWrongUsage(String option, String value, String message) {
    Ctl run = ctl("subjects", "create", "orders", option, value);

    assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).startsWith("error: USAGE ").contains(option, message);
    assertThat(broker.calls()).isZero();
  }

  @Test
  void describePrintsWhatIsKnown() {
    publish("orders", 5);
    purge("orders", 1);
    store.subjects().archive("orders", 3);

    assertThat(ctl("subjects", "describe", "orders").lines())
        .containsSubsequence(
            "messages: 4",
            "first id: 2",
            "last id: 5",
            "stored: 2 messages, 14 B",
            "archived up to id: 3",
            "archived ever: 2 messages, 14 B");
  }

  @Test
  void describePrintsJson() {
    create("orders", SubjectSettings.newBuilder().setMaxAgeSeconds(60).setMaxBytes(1 << 20));
    publish("orders", 5);
    purge("orders", 1);
    store.subjects().archive("orders", 4);

    assertThat(ctl("--output", "json", "subjects", "describe", "orders").out())
        .isEqualTo(
            "{\"subject\":\"orders\",\"shard\":0,\"lastId\":5,\"firstId\":2,\"messages\":4,"
                + "\"storedMessages\":1,\"storedBytes\":7,"
                + "\"archivedId\":4,\"archivedMessages\":3,\"archivedBytes\":21,"
                + "\"createdAtMillis\":1000,"
                + "\"settings\":{\"defaultExpirationSeconds\":0,\"maxBodyBytes\":0,"
                + "\"maxMessages\":0,\"maxAgeSeconds\":60,\"maxBytes\":1048576}}\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"describe", "update --max-age 1d", "purge --yes", "delete --yes"})
  void unknownSubjectIsNotFound(String command) {
    Ctl run = ctl(("subjects " + command + " ordres").split(" "));

    assertThat(run.exitCode()).isEqualTo(ExitCode.NOT_FOUND);
    assertThat(run.out()).isEmpty();
    assertThat(run.err())
        .isEqualTo("error: NOT_FOUND SUBJECT_NOT_FOUND subject \"ordres\" is not known\n");
  }

  @Test
  void updateChangesOnlyWhatIsNamed() {
    create("orders", SubjectSettings.newBuilder().setMaxAgeSeconds(60).setMaxMessages(7));

    Ctl run = ctl("subjects", "update", "orders", "--max-age", "2m");

    assertThat(run.lines()).contains("max age: 2m", "max messages: 7");
    assertThat(settings("orders").getMaxAgeSeconds()).isEqualTo(120);
    assertThat(settings("orders").getMaxMessages()).isEqualTo(7);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "0s", "0d"})
  void updateTakesALimitAwayWithZero(String zero) {
    create("orders", SubjectSettings.newBuilder().setMaxAgeSeconds(60).setMaxBytes(1 << 20));

    ctl("subjects", "update", "orders", "--max-age", zero, "--max-bytes", "0");

    assertThat(settings("orders")).isEqualTo(MemorySubjects.NO_SETTINGS);
  }

  @Test
  void updateWithoutASettingIsWrongUsage() {
    Ctl run = ctl("subjects", "update", "orders");

    assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).startsWith("error: USAGE nothing to change; give at least one setting");
    assertThat(broker.calls()).isZero();
  }

  @Test
  void updateIsTriedAgainWhileThereIsNoQuorum() {
    publish("orders", 1);
    broker.refuseNext(3);

    assertThat(ctl("subjects", "update", "orders", "--max-messages", "5").exitCode()).isZero();
    assertThat(settings("orders").getMaxMessages()).isEqualTo(5);
  }

  @Test
  void listPrintsATable() {
    publish("orders", 12);
    purge("orders", 2);
    store.subjects().archive("orders", 10);
    create(
        "audit.log",
        SubjectSettings.newBuilder()
            .setDefaultExpirationSeconds(90)
            .setMaxBodyBytes(1000)
            .setMaxMessages(5)
            .setMaxAgeSeconds(7 * 86_400)
            .setMaxBytes(1 << 30));

    assertThat(ctl("subjects", "list").out())
        .isEqualTo(
            """
            SUBJECT    SHARD  MESSAGES  FIRST  LAST  ARCHIVED  SETTINGS
            audit.log  0      0         1      0     0         \
            default-expiration=90s,max-body=1000,max-messages=5,max-age=7d,max-bytes=1GiB
            orders     0      10        3      12    10        -
            """);
  }

  @Test
  void listPrintsJson() {
    publish("a", 1);
    publish("b", 2);

    assertThat(ctl("subjects", "list", "--output", "json").lines())
        .containsExactly(
            SubjectReport.json(store.subjects().describe("a")),
            SubjectReport.json(store.subjects().describe("b")));
  }

  @Test
  void listOfNothingIsTheHeader() {
    assertThat(ctl("subjects", "list").out())
        .isEqualTo("SUBJECT  SHARD  MESSAGES  FIRST  LAST  ARCHIVED  SETTINGS\n");
    assertThat(ctl("subjects", "list", "--output", "json").out()).isEmpty();
  }

  @Test
  void listGoesThroughAllPages() {
    List<String> names = publishOnMany(2500);

    List<String> lines = ctl("subjects", "list").lines();

    assertThat(broker.calls()).isEqualTo(3);
    assertThat(lines.get(0)).startsWith("SUBJECT ");
    assertThat(firstColumn(lines)).isEqualTo(names);
  }

  @Test
  void listEndsAtTheLimit() {
    List<String> names = publishOnMany(2500);

    List<String> lines = ctl("subjects", "list", "--limit", "1200").lines();

    assertThat(firstColumn(lines)).isEqualTo(names.subList(0, 1200));
    assertThat(broker.calls()).isEqualTo(2);
    assertThat(ctl("subjects", "list", "--limit", "-1").exitCode()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void listOfAPrefixGoesOnBehindEmptyPages() {
    publishOnMany(2500);
    publish("zoo", 1);
    publish("zoo.animals", 1);

    assertThat(ctl("subjects", "list", "--prefix", "zoo").out())
        .isEqualTo(
            """
            SUBJECT      SHARD  MESSAGES  FIRST  LAST  ARCHIVED  SETTINGS
            zoo          0      1         1      1     0         -
            zoo.animals  2      1         1      1     0         -
            """);
    assertThat(broker.calls()).isEqualTo(3);
  }

  @Test
  void laterPagesOfAListKeepInLine() {
    publishOnMany(1000);
    publish("z", 1);

    List<String> lines = ctl("subjects", "list").lines();

    assertThat(lines.get(1000))
        .isEqualTo("subject-0999  0      1         1      1     0         -");
    assertThat(lines.get(1001))
        .isEqualTo("z             1      1         1      1     0         -");
  }

  @Test
  void listStopsAskingWhenNobodyReads() {
    publishOnMany(2500);
    Terminal closedPipe =
        new Terminal(
            InputStream.nullInputStream(),
            new PrintStream(
                new OutputStream() {
                  @Override
                  public void write(int next) throws IOException {
                    throw new IOException("Broken pipe");
                  }
                },
                false,
                UTF_8),
            new PrintStream(OutputStream.nullOutputStream(), false, UTF_8),
            false);

    int exitCode = Brokerctl.run(closedPipe, server(broker.address(), "subjects", "list"));

    assertThat(exitCode).isZero();
    assertThat(broker.calls()).isEqualTo(1);
  }

  @Test
  void purgeRemovesAll() {
    publish("orders", 3);

    Ctl run = ctl("subjects", "purge", "orders", "--yes");

    assertThat(run.out()).isEqualTo("purged orders: the first id that may still be there is 4\n");
    assertThat(describe("orders").getMessages()).isZero();
  }

  @Test
  void purgeRemovesUpToAnId() {
    publish("orders", 3);

    Ctl run = ctl("subjects", "purge", "orders", "--up-to", "2", "--yes", "--output", "json");

    assertThat(run.out()).isEqualTo("{\"subject\":\"orders\",\"firstId\":3}\n");
    assertThat(describe("orders").getMessages()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1"})
  void purgeUpToNoIdDoesNotRemoveAll(String upTo) {
    publish("orders", 3);

    Ctl run = ctl("subjects", "purge", "orders", "--up-to", upTo, "--yes");

    assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).startsWith("error: USAGE --up-to " + upTo + ": ids start at 1");
    assertThat(describe("orders").getMessages()).isEqualTo(3);
  }

  @Test
  void purgeIsTriedAgainOnlyWithAnId() {
    publish("orders", 3);
    broker.refuseNext(1);

    Ctl all = both("subjects", "purge", "orders", "--yes");
    assertThat(all.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(other.calls()).isZero();

    broker.refuseNext(1);
    Ctl some = both("subjects", "purge", "orders", "--up-to", "2", "--yes");
    assertThat(some.exitCode()).isZero();
    assertThat(describe("orders").getFirstId()).isEqualTo(3);
  }

  @Test
  void deleteRemovesTheSubject() {
    publish("orders", 3);

    Ctl run = ctl("subjects", "delete", "orders", "--yes");

    assertThat(run.out()).isEqualTo("deleted orders: a message published on it later gets id 4\n");
    assertThat(ctl("subjects", "list").lines()).hasSize(1);
    assertThat(ctl("publish", "orders", "again").out()).isEqualTo("4\n");
    assertThat(ctl("subjects", "delete", "orders", "--yes", "--output", "json").out())
        .isEqualTo("{\"subject\":\"orders\",\"nextId\":5}\n");
  }

  @Test
  void deleteIsNotTriedAgain() {
    publish("orders", 3);
    broker.refuseNext(1);

    assertThat(both("subjects", "delete", "orders", "--yes").exitCode())
        .isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(other.calls()).isZero();
    assertThat(describe("orders").getMessages()).isEqualTo(3);
  }

  @Test
  void whatCannotBeUndoneIsConfirmedWithTheName() {
    publish("orders", 3);

    Ctl purge = atTerminal("orders\n", "subjects", "purge", "orders", "--up-to", "1");
    Ctl purgeAll = atTerminal("orders\r\n", "subjects", "purge", "orders");
    Ctl delete = atTerminal("orders\n", "subjects", "delete", "orders");

    assertThat(purge.err())
        .isEqualTo(
            """
            this removes the messages of orders up to id 1 for good; it has 3 messages, ids 1 to 3
            type the subject's name to confirm: \
            """);
    assertThat(purge.out()).isEqualTo("purged orders: the first id that may still be there is 2\n");
    assertThat(purgeAll.err())
        .startsWith(
            "this removes all messages of orders for good; it has 2 messages, ids 2 to 3\n");
    assertThat(purgeAll.exitCode()).isZero();
    assertThat(delete.err())
        .startsWith(
            "this removes orders, its messages and its settings for good; it has no messages\n");
    assertThat(delete.out()).startsWith("deleted orders");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "y\n", "yes\n", "order\n", "ORDERS\n"})
  void anythingButTheNameRemovesNothing(String typed) {
    publish("orders", 3);

    for (String command : List.of("purge", "delete")) {
      Ctl run = atTerminal(typed, "subjects", command, "orders");

      assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
      assertThat(run.out()).isEmpty();
      assertThat(run.err())
          .endsWith("error: USAGE that is not the name \"orders\"; nothing was removed\n");
      assertThat(describe("orders").getMessages()).isEqualTo(3);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"purge", "delete"})
  void withoutATerminalYesIsNeeded(String command) {
    publish("orders", 3);

    Ctl run = Ctl.withInput("orders\n", server(broker.address(), "subjects", command, "orders"));

    assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).startsWith("error: USAGE this cannot be undone").contains("add --yes");
    assertThat(broker.calls()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"purge", "delete"})
  void withYesNobodyIsAsked(String command) {
    publish("orders", 3);

    Ctl run = atTerminal("", "subjects", command, "orders", "--yes");

    assertThat(run.exitCode()).isZero();
    assertThat(run.err()).isEmpty();
    assertThat(broker.calls()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"purge", "delete"})
  void nobodyIsAskedAboutAnUnknownSubject(String command) {
    Ctl run = atTerminal("ordres\n", "subjects", command, "ordres");

    assertThat(run.exitCode()).isEqualTo(ExitCode.NOT_FOUND);
    assertThat(run.err()).startsWith("error: NOT_FOUND SUBJECT_NOT_FOUND");
  }

  @Test
  void subjectsAloneIsWrongUsage() {
    Ctl run = Ctl.run("subjects");

    assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("try 'brokerctl subjects --help'");
    assertThat(Ctl.run("subjects", "discribe", "orders").err()).contains("did you mean describe?");
  }

  private void publish(String subject, int count) {
    for (int i = 0; i < count; i++) {
      store.publish(
          PublishRequest.newBuilder()
              .setSubject(subject)
              .setBody(ByteString.copyFromUtf8("7 bytes"))
              .build());
    }
  }

  private List<String> publishOnMany(int subjects) {
    List<String> names =
        IntStream.range(0, subjects).mapToObj(i -> String.format("subject-%04d", i)).toList();
    names.forEach(name -> publish(name, 1));
    return names;
  }

  private static List<String> firstColumn(List<String> table) {
    return table.stream().skip(1).map(line -> line.substring(0, line.indexOf(' '))).toList();
  }

  private void create(String subject, SubjectSettings.Builder settings) {
    store
        .subjects()
        .create(
            CreateSubjectRequest.newBuilder().setSubject(subject).setSettings(settings).build());
  }

  private void purge(String subject, long upToId) {
    store
        .subjects()
        .purge(PurgeSubjectRequest.newBuilder().setSubject(subject).setUpToId(upToId).build());
  }

  private SubjectDescription describe(String subject) {
    return store.subjects().describe(subject);
  }

  private SubjectSettings settings(String subject) {
    return describe(subject).getSettings();
  }

  private Ctl ctl(String... args) {
    return Ctl.run(server(broker.address(), args));
  }

  private Ctl both(String... args) {
    return Ctl.run(server(broker.address() + "," + other.address(), args));
  }

  private Ctl atTerminal(String typed, String... args) {
    return Ctl.atTerminal(typed, server(broker.address(), args));
  }

  private static String[] server(String addresses, String... args) {
    return Stream.concat(Stream.of("--server", addresses), Arrays.stream(args))
        .toArray(String[]::new);
  }
}
