package org.raftbroker.server.membership.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.Presence;
import org.raftbroker.server.membership.RecordedChanges;
import org.raftbroker.server.membership.ReportedMembership;

/** Against a small server that speaks the part of the Kubernetes API that is used. */
class KubernetesMembershipTest {
  private static final Duration GONE_AFTER = Duration.ofMinutes(1);
  private static final int GOSSIP = 9291;

  @TempDir static Path certificate;
  @TempDir Path directory;

  private SmallApiServer api;
  private KubernetesConfig config;
  private final List<KubernetesMembership> started = new ArrayList<>();
  private final AtomicLong nanos = new AtomicLong();
  private final ReportedMembership reported = new ReportedMembership(member(0));
  private StatefulSetWatch watch;

  @BeforeAll
  static void makeCertificate() throws Exception {
    SmallApiServer.makeCertificate(certificate);
  }

  @BeforeEach
  void fivePods() throws Exception {
    api = SmallApiServer.start(directory, certificate);
    config = api.config("b", GONE_AFTER);
    watch = new StatefulSetWatch(config, "b-0");
    api.scale("b", 5);
    for (int i = 0; i < 5; i++) {
      api.pod("b-" + i, "10.0.0." + i);
    }
  }

  @AfterEach
  void stop() {
    started.forEach(KubernetesMembership::close);
    api.close();
  }

  private static Member member(int ordinal) {
    Address address = new Address("10.0.0." + ordinal, 9091);
    return new Member("b-" + ordinal, address, address, address);
  }

  private KubernetesMembership start() throws IOException {
    KubernetesMembership membership = new KubernetesMembership(reported, config, watch, nanos::get);
    started.add(membership);
    membership.start();
    for (int i = 1; i < 5; i++) {
      reported.report(member(i), Presence.UP);
    }
    return membership;
  }

  private static ConditionFactory soon() {
    return await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(20));
  }

  /** Both streams are there. */
  private void awaitWatching() {
    soon().until(() -> requests("watch=true") >= 2);
  }

  private long requests(String with) {
    return api.requests().stream().filter(request -> request.contains(with)).count();
  }

  private String contacts() {
    return watch.contacts(GOSSIP).stream().map(Address::host).collect(Collectors.joining(" "));
  }

  private static String presences(KubernetesMembership membership) {
    return membership.members().stream()
        .map(view -> view.presence().toString())
        .collect(Collectors.joining(" "));
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  /** A change of the pod is seen only after all that was before it. */
  private void awaitSeen(String ip) {
    api.pod("b-1", ip);
    soon().until(() -> contacts().startsWith(ip));
  }

  private void scaleToThree() {
    api.scale("b", 3);
    for (int i : List.of(4, 3)) {
      api.deletePod("b-" + i);
      reported.report(member(i), Presence.STOPPED);
    }
  }

  /** So that whatever is decided of what was seen has been decided. */
  private void awaitLooks() throws Exception {
    started.get(0).awaitLook();
  }

  @Test
  void whoWasScaledAwayHasLeftAfterTheWaitAndNotBefore() throws Exception {
    KubernetesMembership membership = start();
    RecordedChanges changes = RecordedChanges.of(membership);
    awaitWatching();

    scaleToThree();

    soon().until(() -> contacts().equals("10.0.0.1 10.0.0.2"));
    awaitLooks();
    pass(GONE_AFTER.minusSeconds(1));
    awaitLooks();
    assertThat(presences(membership)).isEqualTo("up up up stopped stopped");
    pass(Duration.ofSeconds(1));
    soon().until(() -> presences(membership).equals("up up up left left"));
    awaitLooks();
    changes.expect("b-4 DOWN stopped", "b-3 DOWN stopped", "b-3 LEFT left", "b-4 LEFT left");
  }

  @Test
  void aPodThatRestartsIsStillAMember() throws Exception {
    KubernetesMembership membership = start();
    RecordedChanges changes = RecordedChanges.of(membership);
    awaitWatching();

    api.deletePod("b-1");
    reported.report(member(1), Presence.STOPPED);
    soon().until(() -> contacts().equals("10.0.0.2 10.0.0.3 10.0.0.4"));
    awaitLooks();
    pass(GONE_AFTER.multipliedBy(100));
    awaitLooks();
    assertThat(presences(membership)).isEqualTo("up stopped up up up");
    awaitSeen("10.0.1.1");
    reported.report(member(1), Presence.UP);

    changes.expect("b-1 DOWN stopped", "b-1 JOINED up");
  }

  @Test
  void whoIsUpHasNotLeftWhateverKubernetesSays() throws Exception {
    KubernetesMembership membership = start();
    RecordedChanges changes = RecordedChanges.of(membership);
    awaitWatching();

    api.scale("b", 4);
    api.deletePod("b-4");
    soon().until(() -> contacts().equals("10.0.0.1 10.0.0.2 10.0.0.3"));
    awaitLooks();
    pass(GONE_AFTER);
    awaitLooks();
    assertThat(presences(membership)).isEqualTo("up up up up up");
    reported.report(member(4), Presence.FAILED);
    reported.report(member(4), Presence.STOPPED);

    assertThat(presences(membership)).isEqualTo("up up up up left");
    changes.expect("b-4 LEFT left");
  }

  @Test
  void whoIsWantedAgainIsDownUntilItIsUp() throws Exception {
    KubernetesMembership membership = start();
    awaitWatching();
    scaleToThree();
    soon().until(() -> contacts().equals("10.0.0.1 10.0.0.2"));
    awaitLooks();
    pass(GONE_AFTER);
    soon().until(() -> presences(membership).equals("up up up left left"));
    RecordedChanges changes = RecordedChanges.of(membership);

    api.scale("b", 4);

    soon().until(() -> presences(membership).equals("up up up stopped left"));
    soon().until(() -> changes.lines().size() == 1);
    reported.report(member(3), Presence.UP);
    changes.expect("b-3 DOWN stopped", "b-3 JOINED up");
  }

  @Test
  void aPodThatOnlyLostItsLabelIsThere() throws Exception {
    KubernetesMembership membership = start();
    awaitWatching();

    api.scale("b", 4);
    api.unlabel("b-4");
    reported.report(member(4), Presence.FAILED);
    soon().until(() -> contacts().equals("10.0.0.1 10.0.0.2 10.0.0.3"));
    awaitLooks();
    pass(GONE_AFTER);

    soon().until(() -> api.requests().stream().anyMatch(request -> request.endsWith("/pods/b-4")));
    awaitLooks();
    assertThat(presences(membership)).isEqualTo("up up up up failed");
  }

  @Test
  void nothingIsBelievedWithoutTheOwnPod() throws Exception {
    api.unlabel("b-0");
    KubernetesMembership membership = start();
    awaitWatching();
    scaleToThree();
    soon().until(() -> contacts().equals("10.0.0.1 10.0.0.2"));
    awaitLooks();
    pass(GONE_AFTER);
    awaitLooks();
    awaitLooks();

    assertThat(presences(membership)).isEqualTo("up up up stopped stopped");
    assertThat(requests("/pods/b-")).isZero();
  }

  @Test
  void aDeletedStatefulSetTakesNobodyAlong() throws Exception {
    KubernetesMembership membership = start();
    awaitWatching();
    scaleToThree();
    api.deleteStatefulSet("b");
    soon().until(() -> contacts().equals("10.0.0.1 10.0.0.2"));
    awaitSeen("10.0.1.1");
    awaitLooks();
    pass(GONE_AFTER);
    awaitLooks();
    awaitLooks();

    assertThat(presences(membership)).isEqualTo("up up up stopped stopped");
  }

  @Test
  void anOutageKeepsTheViewAndDecidesNothing() throws Exception {
    KubernetesMembership membership = start();
    awaitWatching();
    scaleToThree();
    soon().until(() -> contacts().equals("10.0.0.1 10.0.0.2"));
    awaitLooks();

    api.outage(true);

    long before = api.requests().size();
    soon().until(() -> api.requests().size() > before + 4);
    awaitLooks();
    pass(GONE_AFTER.multipliedBy(2));
    awaitLooks();
    assertThat(presences(membership)).isEqualTo("up up up stopped stopped");
    assertThat(contacts()).isEqualTo("10.0.0.1 10.0.0.2");
    api.outage(false);
    awaitSeen("10.0.1.1");
    awaitLooks();
    awaitLooks();
    assertThat(presences(membership)).as("waits anew").isEqualTo("up up up stopped stopped");
    // The StatefulSet may be seen again later than the pods, and the wait begins with both.
    soon()
        .until(
            () -> {
              pass(GONE_AFTER);
              awaitLooks();
              return presences(membership).equals("up up up left left");
            });
  }

  @Test
  void aListThatBreaksOffChangesNothing() throws Exception {
    start();
    awaitWatching();
    api.secondPageFails(true);
    long before = api.podRequests("continue=");

    api.deletePodUnseen("b-4");

    soon().until(() -> api.podRequests("continue=") > before + 1);
    assertThat(contacts()).isEqualTo("10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4");
    api.secondPageFails(false);
    soon().until(() -> contacts().equals("10.0.0.1 10.0.0.2 10.0.0.3"));
  }

  @Test
  void aCutInMidChangeGoesOnFromTheLastVersionWithoutAList() throws Exception {
    start();
    awaitWatching();
    awaitSeen("10.0.1.1");
    long lists = api.podRequests("limit=");

    api.cut();
    awaitSeen("10.0.1.2");
    api.cut();
    api.deletePod("b-2");
    awaitSeen("10.0.1.3");

    assertThat(contacts()).isEqualTo("10.0.1.3 10.0.0.3 10.0.0.4");
    assertThat(api.podRequests("limit=")).isEqualTo(lists);
  }

  @Test
  void anExpiredVersionIsListedAnew() throws Exception {
    start();
    awaitWatching();
    awaitSeen("10.0.1.1");
    long lists = api.podRequests("continue=");

    api.deletePodUnseen("b-2");

    soon().until(() -> contacts().equals("10.0.1.1 10.0.0.3 10.0.0.4"));
    assertThat(api.podRequests("continue=")).isGreaterThan(lists);
  }

  @Test
  void aBookmarkMovesTheVersionOn() throws Exception {
    start();
    awaitWatching();
    awaitSeen("10.0.1.1");
    long lists = api.podRequests("limit=");
    api.scale("b", 6); // moves the version on, unseen by the pods' stream
    api.bookmark();
    awaitSeen("10.0.1.2");
    api.bookmark();
    String bookmark = "resourceVersion=" + api.version();
    api.compact();

    api.endStreams();

    soon().until(() -> api.podRequests(bookmark) > 0);
    awaitSeen("10.0.1.3");
    assertThat(api.podRequests("limit=")).isEqualTo(lists);
  }

  @Test
  void aRenewedTokenIsTaken() throws Exception {
    start();
    awaitWatching();
    api.accept("second");
    api.cut();
    long before = api.requests().size();
    soon().until(() -> api.requests().size() > before + 3);
    assertThat(contacts()).isEqualTo("10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4");

    Files.writeString(directory.resolve("token"), "second\n");

    awaitSeen("10.0.1.1");
  }

  @Test
  void anotherServerIsNotTrustedUntilItsCertificateIs() throws Exception {
    Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
    SmallApiServer.makeCertificate(elsewhere);
    Path ca = directory.resolve("ca.crt");
    String right = Files.readString(ca);
    Files.copy(elsewhere.resolve("ca.crt"), ca, StandardCopyOption.REPLACE_EXISTING);
    start();
    assertThat(contacts()).isEmpty();
    assertThat(api.requests()).isEmpty();

    Files.writeString(ca, right);

    soon().until(() -> contacts().equals("10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4"));
  }

  @Test
  void filesThatCannotBeUsedAreNamedAtTheStart() throws Exception {
    Files.writeString(directory.resolve("ca.crt"), "no certificate\n");
    assertThatThrownBy(this::start)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("ca.crt (membership.kubernetes.caFile)");

    Files.delete(directory.resolve("token"));
    assertThatThrownBy(this::start)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("token (membership.kubernetes.tokenFile) is not there");

    Files.writeString(directory.resolve("namespace"), "\n");
    assertThatThrownBy(this::start)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("namespace (membership.kubernetes.namespaceFile) is empty");
  }
}
