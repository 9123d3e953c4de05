package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status.Code;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.CreateSubjectRequest;
import org.raftbroker.proto.admin.DeleteSubjectRequest;
import org.raftbroker.proto.admin.DescribeSubjectRequest;
import org.raftbroker.proto.admin.ListSubjectsRequest;
import org.raftbroker.proto.admin.PurgeSubjectRequest;
import org.raftbroker.proto.admin.SubjectDescription;
import org.raftbroker.proto.admin.SubjectSettings;
import org.raftbroker.proto.admin.UpdateSubjectRequest;
import org.raftbroker.systemtests.cluster.LocalCluster;

/** Subjects are administered at any node, and every node obeys. */
@Tag("system")
@SharedCluster.Usual
class SubjectsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @Test
  void settingsHoldOnEveryNodeAndOutliveACrash(LocalCluster cluster) {
    String subject = "subjects.settings";
    admin(cluster, 1)
        .createSubject(
            CreateSubjectRequest.newBuilder()
                .setSubject(subject)
                .setSettings(SubjectSettings.newBuilder().setMaxMessages(10).setMaxBodyBytes(5))
                .build());
    for (int i = 1; i <= 30; i++) {
      publish(cluster, 1 + i % cluster.size(), subject, "m" + i);
    }

    SubjectDescription description = describe(cluster, 2, subject);
    assertThat(description.getLastId()).isEqualTo(30);
    assertThat(description.getFirstId()).isEqualTo(21);
    assertThat(description.getMessages()).isEqualTo(10);
    for (int n = 1; n <= cluster.size(); n++) {
      int node = n;
      assertThat(withoutRoom(describe(cluster, n, subject))).isEqualTo(withoutRoom(description));
      assertThat(Refusal.of(() -> fetch(cluster, node, subject, 20)).reason())
          .isEqualTo("MESSAGE_REMOVED");
      assertThat(fetch(cluster, n, subject, 21)).isEqualTo("m21");
      assertThat(Refusal.of(() -> publish(cluster, node, subject, "too long")).reason())
          .isEqualTo("BODY_TOO_LARGE");
    }

    int crashed = cluster.killLeader(description.getShard());
    cluster.restart(crashed);
    Awaitility.await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .untilAsserted(
            () ->
                assertThat(describe(cluster, crashed, subject).getSettings())
                    .isEqualTo(description.getSettings()));
  }

  @Test
  void messagesThatWereThereBeforeAMaximumAgeWasSetGoToo(LocalCluster cluster) {
    String subject = "subjects.age";
    for (int i = 1; i <= 5; i++) {
      publish(cluster, 1, subject, "m" + i);
    }

    admin(cluster, 2)
        .updateSubject(
            UpdateSubjectRequest.newBuilder()
                .setSubject(subject)
                .setSettings(SubjectSettings.newBuilder().setMaxAgeSeconds(1))
                .build());

    Awaitility.await("they are removed, and the room is free again, on every node")
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              for (int n = 1; n <= cluster.size(); n++) {
                SubjectDescription description = describe(cluster, n, subject);
                assertThat(description.getFirstId()).isEqualTo(6);
                assertThat(description.getStoredMessages()).isZero();
              }
            });
    assertThat(publish(cluster, 3, subject, "m6")).isEqualTo(6);
  }

  @Test
  void whatIsPurgedOrDeletedIsGoneEverywhere(LocalCluster cluster) {
    String subject = "subjects.gone.a";
    publish(cluster, 1, "subjects.gone.b", "stays");
    for (int i = 1; i <= 5; i++) {
      publish(cluster, 1, subject, "m" + i);
    }

    long firstId =
        admin(cluster, 3)
            .purgeSubject(PurgeSubjectRequest.newBuilder().setSubject(subject).setUpToId(3).build())
            .getFirstId();
    assertThat(firstId).isEqualTo(4);
    for (int n = 1; n <= cluster.size(); n++) {
      assertThat(describe(cluster, n, subject).getMessages()).isEqualTo(2);
      assertThat(fetch(cluster, n, subject, 4)).isEqualTo("m4");
      assertThat(names(cluster, n)).containsExactly(subject, "subjects.gone.b");
    }

    long nextId =
        admin(cluster, 1)
            .deleteSubject(DeleteSubjectRequest.newBuilder().setSubject(subject).build())
            .getNextId();
    assertThat(nextId).isEqualTo(6);
    for (int n = 1; n <= cluster.size(); n++) {
      int node = n;
      Refusal refusal = Refusal.of(() -> describe(cluster, node, subject));
      assertThat(refusal.code()).isEqualTo(Code.NOT_FOUND);
      assertThat(refusal.reason()).isEqualTo("SUBJECT_NOT_FOUND");
      assertThat(names(cluster, n)).containsExactly("subjects.gone.b");
    }
    assertThat(publish(cluster, 2, subject, "anew")).isEqualTo(6);
  }

  private static List<String> names(LocalCluster cluster, int n) {
    List<String> names = new ArrayList<>();
    admin(cluster, n)
        .listSubjects(ListSubjectsRequest.newBuilder().setPrefix("subjects.gone.").build())
        .getSubjectsList()
        .forEach(subject -> names.add(subject.getSubject()));
    return names;
  }

  /** What is removed leaves the stores at any moment. */
  private static SubjectDescription withoutRoom(SubjectDescription description) {
    return description.toBuilder().clearStoredMessages().clearStoredBytes().build();
  }

  private static SubjectDescription describe(LocalCluster cluster, int n, String subject) {
    return admin(cluster, n)
        .describeSubject(DescribeSubjectRequest.newBuilder().setSubject(subject).build());
  }

  private static String fetch(LocalCluster cluster, int n, String subject, long id) {
    return cluster
        .client(n)
        .broker(PATIENCE)
        .fetch(FetchRequest.newBuilder().setSubject(subject).setId(id).build())
        .getBody()
        .toStringUtf8();
  }

  private static long publish(LocalCluster cluster, int n, String subject, String body) {
    return cluster.client(n).publish(subject, body);
  }

  private static AdminGrpc.AdminBlockingStub admin(LocalCluster cluster, int n) {
    return cluster.client(n).admin(PATIENCE);
  }
}
