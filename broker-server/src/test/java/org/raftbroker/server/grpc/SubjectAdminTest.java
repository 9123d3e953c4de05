package org.raftbroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status.Code;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.IncIdxRequest;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.PublishBatchRequest;
import org.raftbroker.proto.PublishBatchResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.CreateSubjectRequest;
import org.raftbroker.proto.admin.DeleteSubjectRequest;
import org.raftbroker.proto.admin.DescribeSubjectRequest;
import org.raftbroker.proto.admin.ListSubjectsRequest;
import org.raftbroker.proto.admin.ListSubjectsResponse;
import org.raftbroker.proto.admin.PurgeSubjectRequest;
import org.raftbroker.proto.admin.SubjectDescription;
import org.raftbroker.proto.admin.SubjectSettings;
import org.raftbroker.proto.admin.UpdateSubjectRequest;

/** What operators do with subjects, and what clients then see of them. */
final class SubjectAdminTest {
  private static final SubjectSettings NONE = SubjectSettings.getDefaultInstance();

  @TempDir Path directory;
  private TestNode node;

  @BeforeEach
  void start() {
    node = TestNode.alone(directory);
  }

  @AfterEach
  void stop() {
    node.close();
  }

  @Test
  void aCreatedSubjectIsDescribedWithAllItsSettings() {
    long before = System.currentTimeMillis();
    SubjectDescription created =
        create("orders", SubjectSettings.newBuilder().setMaxMessages(5).build());

    assertThat(created.getSubject()).isEqualTo("orders");
    assertThat(created.getLastId()).isZero();
    assertThat(created.getFirstId()).isEqualTo(1);
    assertThat(created.getCreatedAtMillis()).isBetween(before, System.currentTimeMillis());
    assertThat(created.getSettings())
        .isEqualTo(
            SubjectSettings.newBuilder()
                .setDefaultExpirationSeconds(0)
                .setMaxBodyBytes(0)
                .setMaxMessages(5)
                .setMaxAgeSeconds(0)
                .setMaxBytes(0)
                .build());
    assertThat(describe("orders")).isEqualTo(created);
    assertThat(publish("orders", "a")).isEqualTo(1);
    assertThat(describe("orders").getMessages()).isEqualTo(1);
    assertThat(describe("orders").getStoredBytes()).isPositive();
  }

  @Test
  void aSubjectIsCreatedOnceAndByAPublishToo() {
    create("a", NONE);
    publish("b", "x");

    for (String name : List.of("a", "b")) {
      Refusal refusal = Refusal.of(() -> create(name, NONE));
      assertThat(refusal.code()).isEqualTo(Code.ALREADY_EXISTS);
      assertThat(refusal.reason()).isEqualTo("SUBJECT_EXISTS");
      assertThat(refusal.message()).contains("\"" + name + "\"");
    }
  }

  @Test
  void whatIsNotThereIsNotFound() {
    assertNotFound(Refusal.of(() -> describe("nobody")));
    assertNotFound(Refusal.of(() -> update("nobody", settings(1))));
    assertNotFound(Refusal.of(() -> purge("nobody", 0)));
    assertNotFound(Refusal.of(() -> delete("nobody")));
  }

  private static void assertNotFound(Refusal refusal) {
    assertThat(refusal.code()).isEqualTo(Code.NOT_FOUND);
    assertThat(refusal.reason()).isEqualTo("SUBJECT_NOT_FOUND");
    assertThat(refusal.message()).contains("\"nobody\"");
  }

  @Test
  void anUpdateLeavesAloneWhatItDoesNotName() {
    create(
        "orders",
        SubjectSettings.newBuilder().setMaxMessages(5).setDefaultExpirationSeconds(60).build());

    SubjectDescription updated =
        update("orders", SubjectSettings.newBuilder().setDefaultExpirationSeconds(0).build());

    assertThat(updated.getSettings().getMaxMessages()).isEqualTo(5);
    assertThat(updated.getSettings().getDefaultExpirationSeconds()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "default_expiration_seconds, -1",
    "max_body_bytes, -1",
    "max_messages, -1",
    "max_age_seconds, -7",
    "max_bytes, -1",
    "max_bytes, 1048575"
  })
  void aSettingThatMakesNoSenseIsRefusedByName(String field, long value) {
    SubjectSettings.Builder settings = SubjectSettings.newBuilder();
    switch (field) {
      case "default_expiration_seconds" -> settings.setDefaultExpirationSeconds((int) value);
      case "max_body_bytes" -> settings.setMaxBodyBytes((int) value);
      case "max_messages" -> settings.setMaxMessages(value);
      case "max_age_seconds" -> settings.setMaxAgeSeconds((int) value);
      default -> settings.setMaxBytes(value);
    }
    for (Refusal refusal :
        List.of(
            Refusal.of(() -> create("orders", settings.build())),
            Refusal.of(() -> update("orders", settings.build())))) {
      assertThat(refusal.code()).isEqualTo(Code.INVALID_ARGUMENT);
      assertThat(refusal.reason()).isEqualTo("SETTING_INVALID");
      assertThat(refusal.field()).isEqualTo("settings." + field);
      assertThat(refusal.message()).contains(field + " is " + value);
    }
  }

  @Test
  void anUpdateOfNothingIsRefused() {
    create("orders", NONE);

    assertThat(Refusal.of(() -> update("orders", NONE)).reason()).isEqualTo("SETTING_INVALID");
  }

  @Test
  void theNewestMessagesStayAndTheOthersAreGoneAtOnce() {
    create("orders", settings(3));
    for (int i = 1; i <= 5; i++) {
      publish("orders", "m" + i);
    }

    assertThat(replay("orders")).containsExactly("m3", "m4", "m5");
    Refusal refusal = Refusal.of(() -> fetch("orders", 2));
    assertThat(refusal.code()).isEqualTo(Code.NOT_FOUND);
    assertThat(refusal.reason()).isEqualTo("MESSAGE_REMOVED");
    assertThat(fetch("orders", 3).getBody().toStringUtf8()).isEqualTo("m3");
    assertThat(describe("orders").getFirstId()).isEqualTo(3);
    assertThat(describe("orders").getMessages()).isEqualTo(3);

    update("orders", settings(1));
    assertThat(replay("orders")).containsExactly("m5");

    node.replicas.forEach(replica -> replica.expire(100).join());
    assertThat(describe("orders").getStoredMessages()).isEqualTo(1);
  }

  @Test
  void aSubjectWithoutAnExpirationOfItsOwnTakesThatOfItsSettings() {
    create(
        "orders",
        SubjectSettings.newBuilder()
            .setDefaultExpirationSeconds(100)
            .setMaxAgeSeconds(200)
            .build());
    publish("orders", "default");
    node.broker().publish(request("orders", "own").setExpirationSeconds(50).build());
    node.broker().publish(request("orders", "too long").setExpirationSeconds(5_000).build());

    assertThat(IntStream.rangeClosed(1, 3).mapToLong(id -> lifeSeconds("orders", id)).toArray())
        .containsExactly(100, 50, 200);
  }

  @Test
  void aBodyThatIsTooLongForItsSubjectIsRefusedOnEveryWayIn() {
    create("orders", SubjectSettings.newBuilder().setMaxBodyBytes(3).build());
    publish("orders", "123");

    Refusal refusal = Refusal.of(() -> publish("orders", "1234"));
    assertThat(refusal.code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
    assertThat(refusal.reason()).isEqualTo("BODY_TOO_LARGE");
    assertThat(refusal.message())
        .contains("has 4 bytes")
        .contains("is 3")
        .contains("max_body_bytes");

    PublishBatchResponse batch =
        node.broker()
            .publishBatch(
                PublishBatchRequest.newBuilder()
                    .addMessages(request("orders", "1234"))
                    .addMessages(request("orders", "ok"))
                    .build());
    assertThat(Refusal.of(batch.getResults(0).getError()).reason()).isEqualTo("BODY_TOO_LARGE");
    assertThat(batch.getResults(1).getId()).isEqualTo(2);
  }

  @Test
  void aPurgeGoesUpToAnIdAndIdsGoOn() {
    for (int i = 1; i <= 5; i++) {
      publish("orders", "m" + i);
    }
    node.broker().incIdx(IncIdxRequest.newBuilder().setSubject("orders").setCount(2).build());
    publish("orders", "m8");

    assertThat(purge("orders", 4)).isEqualTo(5);
    assertThat(replay("orders")).containsExactly("m5", "m8");
    assertThat(describe("orders").getMessages()).isEqualTo(2);
    assertThat(purge("orders", 2)).isEqualTo(5);

    assertThat(purge("orders", 0)).isEqualTo(9);
    assertThat(describe("orders").getMessages()).isZero();
    assertThat(publish("orders", "m9")).isEqualTo(9);
    assertThat(replay("orders")).containsExactly("m9");
    assertThat(Refusal.of(() -> purge("orders", -1)).field()).isEqualTo("up_to_id");
  }

  @Test
  void aDeletedSubjectIsGoneAndItsIdsAreNotGivenOutAgain() {
    create("orders", settings(9));
    publish("orders", "a");

    assertThat(delete("orders")).isEqualTo(2);

    assertThat(Refusal.of(() -> describe("orders")).reason()).isEqualTo("SUBJECT_NOT_FOUND");
    assertThat(names("", 100)).isEmpty();
    assertThat(Refusal.of(() -> fetch("orders", 1)).reason()).isEqualTo("MESSAGE_REMOVED");
    assertThat(publish("orders", "b")).isEqualTo(2);
    assertThat(describe("orders").getSettings().getMaxMessages()).isZero();
    assertThat(replay("orders")).containsExactly("b");
    assertThat(Refusal.of(() -> create("orders", NONE)).reason()).isEqualTo("SUBJECT_EXISTS");
  }

  @Test
  void subjectsAreListedByNameWhateverTheirShard() {
    // The last two are where Java's order of strings is not that of UTF-8.
    List<String> inOrder = List.of("a", "a.b", "a.b.c", "b", "z", "ж", "\uFFFD", "😀");
    List.of("z", "😀", "a.b", "ж", "b", "a", "\uFFFD", "a.b.c").forEach(n -> publish(n, "x"));

    assertThat(names("", 100)).isEqualTo(inOrder);
    for (int pageSize = 1; pageSize <= 9; pageSize++) {
      assertThat(names("", pageSize)).as("%d a page", pageSize).isEqualTo(inOrder);
    }
    assertThat(names("a.", 1)).containsExactly("a.b", "a.b.c");
    assertThat(names("nothing", 2)).isEmpty();

    delete("a.b");
    assertThat(names("a", 1)).containsExactly("a", "a.b.c");
  }

  @Test
  void aPageThatMakesNoSenseIsRefused() {
    Refusal tooLarge =
        Refusal.of(() -> list(ListSubjectsRequest.newBuilder().setPageSize(1_001).build()));
    assertThat(tooLarge.reason()).isEqualTo("PAGE_INVALID");
    assertThat(tooLarge.field()).isEqualTo("page_size");
    assertThat(tooLarge.message()).contains("1001").contains("1000");
    assertThat(
            Refusal.of(() -> list(ListSubjectsRequest.newBuilder().setPageToken("%").build()))
                .field())
        .isEqualTo("page_token");
  }

  private List<String> names(String prefix, int pageSize) {
    List<String> names = new ArrayList<>();
    String token = "";
    do {
      ListSubjectsResponse page =
          list(
              ListSubjectsRequest.newBuilder()
                  .setPrefix(prefix)
                  .setPageSize(pageSize)
                  .setPageToken(token)
                  .build());
      assertThat(page.getSubjectsCount()).isLessThanOrEqualTo(pageSize);
      page.getSubjectsList().forEach(subject -> names.add(subject.getSubject()));
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    return names;
  }

  private ListSubjectsResponse list(ListSubjectsRequest request) {
    return admin().listSubjects(request);
  }

  private SubjectDescription create(String subject, SubjectSettings settings) {
    return admin()
        .createSubject(
            CreateSubjectRequest.newBuilder().setSubject(subject).setSettings(settings).build());
  }

  private SubjectDescription update(String subject, SubjectSettings settings) {
    return admin()
        .updateSubject(
            UpdateSubjectRequest.newBuilder().setSubject(subject).setSettings(settings).build());
  }

  private SubjectDescription describe(String subject) {
    return admin().describeSubject(DescribeSubjectRequest.newBuilder().setSubject(subject).build());
  }

  private long purge(String subject, long upToId) {
    return admin()
        .purgeSubject(
            PurgeSubjectRequest.newBuilder().setSubject(subject).setUpToId(upToId).build())
        .getFirstId();
  }

  private long delete(String subject) {
    return admin()
        .deleteSubject(DeleteSubjectRequest.newBuilder().setSubject(subject).build())
        .getNextId();
  }

  private AdminGrpc.AdminBlockingStub admin() {
    return AdminGrpc.newBlockingStub(node.channel()).withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  private static SubjectSettings settings(long maxMessages) {
    return SubjectSettings.newBuilder().setMaxMessages(maxMessages).build();
  }

  private static PublishRequest.Builder request(String subject, String body) {
    return PublishRequest.newBuilder().setSubject(subject).setBody(ByteString.copyFromUtf8(body));
  }

  private long publish(String subject, String body) {
    return node.broker().publish(request(subject, body).build()).getId();
  }

  private MessageResponse fetch(String subject, long id) {
    return node.broker().fetch(FetchRequest.newBuilder().setSubject(subject).setId(id).build());
  }

  private long lifeSeconds(String subject, long id) {
    MessageResponse message = fetch(subject, id);
    return (message.getExpiresAtMillis() - message.getPublishedAtMillis()) / 1_000;
  }

  /** Bodies of all messages that a subscriber from the earliest gets. */
  private List<String> replay(String subject) {
    List<String> bodies = new ArrayList<>();
    var messages =
        node.broker()
            .subscribe(
                SubscribeRequest.newBuilder()
                    .setSubject(subject)
                    .setFromEarliest(true)
                    .setProgress(true)
                    .build());
    for (MessageResponse next = messages.next(); !next.hasProgress(); next = messages.next()) {
      bodies.add(next.getBody().toStringUtf8());
    }
    return bodies;
  }
}
