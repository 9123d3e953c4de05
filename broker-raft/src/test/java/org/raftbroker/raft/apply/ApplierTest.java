package org.raftbroker.raft.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.google.protobuf.ByteString;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.message.MessageFrame;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.NewMessage.Idempotency;
import org.raftbroker.message.SettingsChange;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.raft.command.Command;
import org.raftbroker.raft.command.Command.AdoptSubjects;
import org.raftbroker.raft.command.Command.AdoptedSubject;
import org.raftbroker.raft.command.Command.AppendBatch;
import org.raftbroker.raft.command.Command.CreateSubject;
import org.raftbroker.raft.command.Command.DeleteSubject;
import org.raftbroker.raft.command.Command.Expire;
import org.raftbroker.raft.command.Command.MarkArchived;
import org.raftbroker.raft.command.Command.MarkRemoved;
import org.raftbroker.raft.command.Command.OpenArchive;
import org.raftbroker.raft.command.Command.PurgeSubject;
import org.raftbroker.raft.command.Command.ReplaceClusterMap;
import org.raftbroker.raft.command.Command.ReserveIds;
import org.raftbroker.raft.command.Command.SingleCommand;
import org.raftbroker.raft.command.Command.SubjectCommand;
import org.raftbroker.raft.command.Command.UpdateSubject;
import org.raftbroker.raft.command.CommandCodec;
import org.raftbroker.raft.command.Entry;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.ArchiveState;
import org.raftbroker.storage.BacklogRun;
import org.raftbroker.storage.Catalog.ArchivedSubject;
import org.raftbroker.storage.Changes;
import org.raftbroker.storage.Changes.ReservedRun;
import org.raftbroker.storage.Incarnation;
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.SubjectState;
import org.raftbroker.storage.rocksdb.RocksShardStore;
import org.raftbroker.storage.rocksdb.RocksStores;
import org.raftbroker.storage.rocksdb.StoreConfig;

final class ApplierTest {
  private static final Subject ORDERS = new Subject("orders");
  private static final Subject INVOICES = new Subject("invoices");
  private static final long HOUR = 3_600_000;

  @TempDir Path directory;
  private RocksStores stores;
  private RocksShardStore store;

  @BeforeEach
  void open() {
    stores = new RocksStores(StoreConfig.DEFAULT, 1);
    store = stores.open(directory.resolve("store"));
  }

  @AfterEach
  void close() {
    store.close();
    stores.close();
  }

  @Test
  void everyKindOfCommandHasARuleAndAnEncoding() {
    List<Command> oneOfEach =
        List.of(
            append(message(ORDERS, "a")),
            new ReserveIds(ORDERS, 1),
            new CreateSubject(ORDERS, SettingsChange.NONE),
            new UpdateSubject(ORDERS, new SettingsChange(1, 2, 3L, 4, 5L)),
            new PurgeSubject(ORDERS, 1),
            new DeleteSubject(ORDERS),
            new MarkRemoved(ORDERS, 1),
            new Expire(1),
            new AdoptSubjects(new Incarnation(1, 7), List.of()),
            new OpenArchive(1),
            new MarkArchived(1),
            new ReplaceClusterMap(0, ByteString.copyFromUtf8("map")));
    Set<Class<?>> kinds = new HashSet<>();
    oneOfEach.forEach(command -> kinds.add(command.getClass()));

    // A new kind must be added above, and then finds its rule and its encoding tested.
    Set<Class<?>> all = new HashSet<>(Arrays.asList(Command.class.getPermittedSubclasses()));
    all.remove(SingleCommand.class);
    all.addAll(Arrays.asList(SingleCommand.class.getPermittedSubclasses()));
    all.remove(SubjectCommand.class);
    all.addAll(Arrays.asList(SubjectCommand.class.getPermittedSubclasses()));
    assertThat(kinds).isEqualTo(all);
    for (Command command : oneOfEach) {
      List<Submission> submissions = List.of(new Submission(0, 0, command));
      assertThat(CommandCodec.fromProto(CommandCodec.toProto(submissions).getSubmissionsList()))
          .isEqualTo(submissions);
      assertThat(apply(1_000, command)).isNotNull();
    }
  }

  @Test
  void aClusterMapTakesThePlaceOfTheVersionThatItIsBasedOnOnly() {
    assertThat(apply(1, new ReplaceClusterMap(0, ByteString.copyFromUtf8("a")))).isEqualTo(ids(1));
    assertThat(apply(2, new ReplaceClusterMap(0, ByteString.copyFromUtf8("b")))).isEqualTo(ids(0));
    assertThat(
            applyEntry(
                    3,
                    unremembered(new ReplaceClusterMap(1, ByteString.copyFromUtf8("c"))),
                    unremembered(new ReplaceClusterMap(2, ByteString.copyFromUtf8("d"))))
                .outcomes())
        .containsExactly(ids(2), ids(3));
    assertThat(ByteString.copyFrom(store.reader().clusterMap().content()).toStringUtf8())
        .isEqualTo("d");
  }

  @Test
  void idsCountFromOneForEachSubject() {
    assertThat(apply(1, append(message(ORDERS, "a"), message(INVOICES, "x")))).isEqualTo(ids(1, 1));
    assertThat(apply(2, append(message(ORDERS, "b"), message(ORDERS, "c")))).isEqualTo(ids(2, 3));
    assertThat(apply(3, append(message(INVOICES, "y")))).isEqualTo(ids(2));
  }

  @Test
  void whatFollowsInABatchOrEntryBuildsOnWhatWasBefore() {
    Applied applied =
        applyEntry(
            1_000,
            unremembered(append(message(ORDERS, "a"), message(ORDERS, "b"))),
            unremembered(new ReserveIds(ORDERS, 2)),
            unremembered(append(message(ORDERS, "c"), message(INVOICES, "x"))));

    assertThat(applied.outcomes()).containsExactly(ids(1, 2), ids(4), ids(5, 1));
    int first = MessageFrame.checksum(0, 1, ByteString.copyFromUtf8("a"));
    int second = MessageFrame.checksum(first, 2, ByteString.copyFromUtf8("b"));
    int third = MessageFrame.checksum(second, 5, ByteString.copyFromUtf8("c"));
    SubjectState orders = applied.changes().subjects().get(ORDERS);
    assertThat(orders).isNotNull();
    assertThat(orders)
        .extracting(
            SubjectState::number,
            SubjectState::lastId,
            state -> state.head().messageId(),
            state -> state.head().checksum(),
            state -> state.head().reservedFrom(),
            state -> state.stored().messages())
        .containsExactly(1L, 5L, 5L, third, 0L, 3L);
    assertThat(applied.changes().subjects().get(INVOICES))
        .extracting(state -> state == null ? 0 : state.number())
        .isEqualTo(2L);
    assertThat(store.reader().message(ORDERS, 5))
        .usingRecursiveComparison()
        .isEqualTo(applied.changes().messages().get(2));
  }

  @Test
  void reservedRunsThatTouchBecomeOne() {
    apply(1, append(message(ORDERS, "a")));
    assertThat(apply(2, new ReserveIds(ORDERS, 3))).isEqualTo(ids(4));
    Applied applied = applyEntry(3, unremembered(new ReserveIds(ORDERS, 2)));
    assertThat(applied.changes().reserved()).containsExactly(new ReservedRun(ORDERS, 2, 6));

    Applied split =
        applyEntry(
            4,
            unremembered(new ReserveIds(ORDERS, 1)),
            unremembered(new ReserveIds(ORDERS, 1)),
            unremembered(append(message(ORDERS, "b"))),
            unremembered(new ReserveIds(ORDERS, 1)));

    assertThat(split.changes().reserved())
        .containsExactly(new ReservedRun(ORDERS, 2, 8), new ReservedRun(ORDERS, 10, 10));
    assertThat(apply(5, append(message(ORDERS, "c")))).isEqualTo(ids(11));
  }

  @Test
  void aSubjectWithoutIdsLeftStopsInsteadOfStartingAgain() {
    store.write(
        changesWith(Map.of(ORDERS, SubjectState.first(1, 1).withReserved(1, Long.MAX_VALUE - 1))));

    assertThatThrownBy(() -> apply(2, new ReserveIds(ORDERS, 2)))
        .isInstanceOf(ArithmeticException.class);
    assertThat(apply(2, append(message(ORDERS, "last")))).isEqualTo(ids(Long.MAX_VALUE));
    assertThatThrownBy(() -> apply(3, append(message(ORDERS, "one more"))))
        .isInstanceOf(ArithmeticException.class);
  }

  @Test
  void expiryIsFixedWhenTheMessageIsApplied() {
    apply(10_000, append(message(ORDERS, "a", 5), message(ORDERS, "b", 0)));
    apply(10_000, append(message(ORDERS, "c", Integer.MAX_VALUE)));

    assertThat(store.reader().read(ORDERS, 1, Integer.MAX_VALUE))
        .extracting(m -> m.expiresAtMillis(), m -> MessageFrame.expiresAtMillis(m.frame()))
        .containsExactly(
            tuple(15_000L, 15_000L),
            tuple(0L, 0L),
            tuple(10_000 + 1_000L * Integer.MAX_VALUE, 10_000 + 1_000L * Integer.MAX_VALUE));

    Applied early = applyEntry(14_999, unremembered(new Expire(10)));
    assertThat(early.changes().expiredMessages()).isEmpty();
    // The second Expire of an entry finds nothing more: the rows that it would see are taken.
    Applied due = applyEntry(15_000, unremembered(new Expire(10)), unremembered(new Expire(10)));
    assertThat(due.outcomes()).containsExactly(Outcome.NO_IDS, Outcome.NO_IDS);
    assertThat(due.changes().expiredMessages()).hasSize(1);
    SubjectState state = store.view().subject(ORDERS);
    assertThat(state).isNotNull();
    assertThat(state).extracting(s -> s.stored().messages()).isEqualTo(2L);
    assertThat(apply(16_000, append(message(ORDERS, "d")))).isEqualTo(ids(4));
  }

  @Test
  void aRepeatedKeyAnswersTheFirstIdWhileItsWindowLasts() {
    assertThat(apply(1_000, append(keyed("a", "k", 10)))).isEqualTo(ids(1));
    assertThat(apply(10_999, append(keyed("a", "k", 10)))).isEqualTo(ids(1));
    assertThat(apply(10_999, append(keyed("other", "k", 10))))
        .isEqualTo(new Outcome(new long[] {1}, new int[] {0}));
    assertThat(store.reader().head(ORDERS)).isEqualTo(1);

    assertThat(apply(11_000, append(keyed("other", "k", 10)))).isEqualTo(ids(2));
    // The removal of the first use must not forget the second one.
    apply(11_000, new Expire(10));
    assertThat(apply(20_999, append(keyed("other", "k", 10)))).isEqualTo(ids(2));
  }

  @Test
  void aKeyIsRecognisedWithinItsOwnBatch() {
    assertThat(
            apply(
                1_000,
                append(
                    keyed("a", "k", 10),
                    message(ORDERS, "b"),
                    keyed("a", "k", 10),
                    keyed("c", "k", 10),
                    keyed("a", "k2", 10))))
        .isEqualTo(new Outcome(new long[] {1, 2, 1, 1, 3}, new int[] {3}));
  }

  @Test
  void contentIsBodyHeadersAndExpirationAndNothingLooksLikeAnother() {
    List<NewMessage> different =
        List.of(
            content("a", Map.of(), 0),
            content("a", Map.of(), 1),
            content("a\0000", Map.of(), 0),
            content("", Map.of(), 0),
            content("a", Map.of("k", "v"), 0),
            content("a", Map.of("k", "w"), 0),
            content("a", Map.of("kv", ""), 0),
            content("a", Map.of("k", "v", "k2", ""), 0),
            // A body that spells out what a separator and a header would have been.
            content("a\0k\0v", Map.of(), 0),
            content("a", Map.of("k\0v", "\0"), 0));
    for (int i = 0; i < different.size(); i++) {
      NewMessage first = different.get(i);
      Subject subject = new Subject("subject" + i);
      for (int j = 0; j < different.size(); j++) {
        NewMessage repeat = different.get(j);
        Outcome outcome =
            apply(1_000, append(on(subject, first)), append(on(subject, repeat))).get(1);
        assertThat(outcome.isKeyReused(0)).as("%s, then %s", first, repeat).isEqualTo(i != j);
        assertThat(outcome.id(0)).isEqualTo(1);
      }
    }
  }

  @Test
  void aSubmissionIsAppliedOnceAndInItsTurn() {
    Command command = append(message(ORDERS, "x"));

    assertThat(submit(1_000, 7, 1, command)).isEqualTo(ids(1));
    assertThat(submit(2_000, 7, 1, command)).as("again").isEqualTo(ids(1));
    assertThat(submit(2_000, 7, 3, command)).as("early").isEqualTo(Outcome.OUT_OF_ORDER);
    assertThat(submit(2_000, 7, 0, command)).as("never").isEqualTo(Outcome.OUT_OF_ORDER);
    assertThat(submit(2_000, 7, 2, command)).isEqualTo(ids(2));
    assertThat(submit(2_000, 7, 3, command)).isEqualTo(ids(3));
    assertThat(submit(2_000, 8, 2, command)).as("other").isEqualTo(Outcome.OUT_OF_ORDER);
    assertThat(submit(2_000, 8, 1, command)).isEqualTo(ids(4));
    for (long sequence = 4; sequence <= 20; sequence++) {
      submit(3_000, 7, sequence, command);
    }
    assertThat(submit(3_000, 7, 13, command)).as("remembered").isEqualTo(ids(14));
    assertThat(submit(3_000, 7, 12, command)).as("too old").isEqualTo(Outcome.OUT_OF_ORDER);
    assertThat(store.reader().head(ORDERS)).isEqualTo(21);
  }

  @Test
  void anEntryMayCarryARetryOfItsOwnSubmission() {
    Command command = append(message(ORDERS, "x"));

    Applied applied =
        applyEntry(
            1_000,
            new Submission(7, 1, command),
            new Submission(7, 3, command),
            new Submission(7, 1, command),
            new Submission(7, 2, command));

    assertThat(applied.outcomes()).containsExactly(ids(1), Outcome.OUT_OF_ORDER, ids(1), ids(2));
    assertThat(applied.changes().messages()).hasSize(2);
  }

  @Test
  void aSilentOriginIsForgottenWhenANewOneComes() {
    Command command = append(message(ORDERS, "x"));
    submit(1_000, 1, 1, command);
    submit(1_000 + HOUR, 2, 1, command);
    assertThat(store.view().origins()).as("an hour is not over").containsOnlyKeys(1L, 2L);

    submit(1_001 + HOUR, 2, 2, command);
    assertThat(store.view().origins()).as("no new origin").containsOnlyKeys(1L, 2L);

    submit(1_001 + HOUR, 3, 1, command);
    assertThat(store.view().origins()).containsOnlyKeys(2L, 3L);
  }

  @Test
  void anOriginThatSpeaksInTheEntryThatWouldForgetItIsKeptTheSameOnEveryNode() {
    // A store once kept its answers in memory and lost them on disk, so a replica that restarted
    // answered a retry differently.
    Command command = append(message(ORDERS, "x"));
    submit(1_000, 1, 1, command);
    submit(1_000, 1, 2, command);

    applyEntry(2_000 + HOUR, new Submission(2, 1, command), new Submission(1, 3, command));

    var before = Map.copyOf(store.view().origins());
    assertThat(before).containsOnlyKeys(1L, 2L);
    store.close();
    store = stores.open(directory.resolve("store"));
    assertThat(store.view().origins()).isEqualTo(before);
    assertThat(submit(2_000 + HOUR, 1, 2, command)).isEqualTo(ids(2));
  }

  @Test
  void timeNeverGoesBackwards() {
    apply(5_000, append(message(ORDERS, "a")));

    // The next leader's clock is behind.
    Applied applied = applyEntry(3_000, unremembered(append(message(ORDERS, "b", 1))));

    assertThat(applied.changes().timeMillis()).isEqualTo(5_000);
    assertThat(MessageFrame.publishedAtMillis(applied.changes().messages().get(0).frame()))
        .isEqualTo(5_000);
    assertThat(applied.changes().messages().get(0).expiresAtMillis()).isEqualTo(6_000);
  }

  @Test
  void theSameEntryOnTheSameStateChangesTheSame() {
    apply(1_000, append(message(ORDERS, "a")));
    Entry entry =
        new Entry(
            1,
            store.appliedIndex() + 1,
            2_000,
            List.of(
                new Submission(5, 1, append(keyed("b", "k", 9), message(INVOICES, "c", 3))),
                unremembered(new ReserveIds(ORDERS, 2))));

    Applied one = Applier.apply(store.view(), entry);
    Applied other = Applier.apply(store.view(), entry);

    assertThat(one).usingRecursiveComparison().isEqualTo(other);
    assertThatThrownBy(() -> one.changes().messages().clear())
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> one.changes().subjects().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void whatIsArchivedLeavesBacklogAndStore() {
    apply(1, new OpenArchive(1));
    apply(2, append(message(ORDERS, "a"), message(INVOICES, "x"), message(ORDERS, "b", 60)));
    apply(3, new ReserveIds(ORDERS, 2));
    apply(4, append(message(ORDERS, "c")));

    apply(5, new MarkArchived(2));

    assertThat(store.reader().read(ORDERS, 1, 1_000).stream().map(StoredMessage::id))
        .containsExactly(5L);
    assertThat(store.reader().message(INVOICES, 1)).isNull();
    assertThat(store.reader().archivedId(ORDERS)).isEqualTo(4);
    assertThat(store.reader().archivedId(INVOICES)).isEqualTo(1);
    assertThat(store.reader().isReserved(ORDERS, 4)).isTrue();
    assertThat(store.reader().backlog(100, 10_000))
        .extracting(BacklogRun::logIndex, BacklogRun::fromId, BacklogRun::toId)
        .containsExactly(tuple(3L, 5L, 5L));
    assertThat(store.reader().archive())
        .extracting(
            ArchiveState::archivedIndex, ArchiveState::backlogMessages, ArchiveState::backlogIds)
        .containsExactly(2L, 1L, 1L);
    assertThat(store.view().subject(ORDERS))
        .extracting(s -> s.archived().messages(), s -> s.stored().messages(), SubjectState::lastId)
        .containsExactly(2L, 1L, 5L);

    // A leader that was replaced does the same step, or an older one.
    assertThat(applyEntry(6, unremembered(new MarkArchived(2))).changes().archived()).isEmpty();
    assertThat(applyEntry(7, unremembered(new MarkArchived(1))).changes().archived()).isEmpty();
  }

  @Test
  void messagesOnTheirWayToTheArchiveExpireThere() {
    apply(1, new OpenArchive(1));
    apply(2, append(message(ORDERS, "a", 1)));

    assertThat(store.reader().hasRemovable(HOUR)).isFalse();
    assertThat(applyEntry(HOUR, unremembered(new Expire(10))).changes().expiredMessages())
        .isEmpty();
  }

  @Test
  void aLogGoesOnFromTheSubjectsThatItAdopts() {
    ArchivedSubject known =
        new ArchivedSubject(ORDERS, 120, 120, 17, 99, 15, 1_500, 1, 1, SubjectSettings.DEFAULT);
    ReservedRun skipped = new ReservedRun(ORDERS, 21, 120);
    Command adopt =
        new AdoptSubjects(
            new Incarnation(2, 7), List.of(new AdoptedSubject(known, List.of(skipped))));

    apply(1, adopt);
    apply(2, adopt); // another leader does it once more
    apply(3, new OpenArchive(2));
    assertThat(apply(4, new ReserveIds(ORDERS, 1))).isEqualTo(ids(121));
    Applied applied = applyEntry(5, unremembered(append(message(ORDERS, "a"))));

    byte[] frame = applied.changes().messages().get(0).frame();
    assertThat(MessageFrame.previousId(frame)).isEqualTo(17);
    assertThat(MessageFrame.checksum(frame))
        .isEqualTo(MessageFrame.checksum(99, 122, ByteString.copyFromUtf8("a")));
    assertThat(store.reader().reservedRun(ORDERS, 50)).isEqualTo(new ReservedRun(ORDERS, 21, 121));
    assertThat(store.reader().archivedId(ORDERS)).isEqualTo(120);
    assertThat(store.reader().archive().backlogIds()).isEqualTo(2);
  }

  @Test
  void aLogThatHasGivenOutIdsTakesNoArchive() {
    apply(1, append(message(ORDERS, "a")));

    apply(2, new OpenArchive(1));
    apply(3, new AdoptSubjects(new Incarnation(1, 7), List.of()));

    assertThat(store.reader().archive()).isEqualTo(ArchiveState.NONE);
  }

  private Outcome apply(long timeMillis, Command command) {
    return applyEntry(timeMillis, unremembered(command)).outcomes().get(0);
  }

  private List<Outcome> apply(long timeMillis, Command first, Command second) {
    return applyEntry(timeMillis, unremembered(first), unremembered(second)).outcomes();
  }

  private Outcome submit(long timeMillis, long origin, long sequence, Command command) {
    return applyEntry(timeMillis, new Submission(origin, sequence, command)).outcomes().get(0);
  }

  private Applied applyEntry(long timeMillis, Submission... submissions) {
    Applied applied =
        Applier.apply(
            store.view(), new Entry(1, store.appliedIndex() + 1, timeMillis, List.of(submissions)));
    store.write(applied.changes());
    return applied;
  }

  private static Submission unremembered(Command command) {
    return new Submission(Submission.NO_ORIGIN, 0, command);
  }

  private static AppendBatch append(NewMessage... messages) {
    return new AppendBatch(List.of(messages));
  }

  private static NewMessage message(Subject subject, String body) {
    return message(subject, body, 0);
  }

  private static NewMessage message(Subject subject, String body, int expirationSeconds) {
    return message(subject, body, expirationSeconds, Map.of(), null);
  }

  private static NewMessage keyed(String body, String key, int windowSeconds) {
    return message(ORDERS, body, 0, Map.of(), new Idempotency(key, windowSeconds));
  }

  private static NewMessage content(String body, Map<String, String> headers, int expiration) {
    return message(ORDERS, body, expiration, headers, null);
  }

  private static NewMessage on(Subject subject, NewMessage content) {
    return new NewMessage(
        subject,
        content.body(),
        content.expirationSeconds(),
        content.headers(),
        new Idempotency("k", 60));
  }

  private static NewMessage message(
      Subject subject,
      String body,
      int expirationSeconds,
      Map<String, String> headers,
      @Nullable Idempotency idempotency) {
    return new NewMessage(
        subject, ByteString.copyFromUtf8(body), expirationSeconds, headers, idempotency);
  }

  @Test
  void aSubjectKeepsAboutAsManyBytesAsItMay() {
    apply(1, new CreateSubject(ORDERS, new SettingsChange(null, null, null, null, 1L << 20)));
    String body = "x".repeat(10_000);
    for (int i = 1; i <= 300; i++) {
      apply(1 + i, append(message(ORDERS, body)));
    }

    assertThat(keptBytes()).isBetween(1L << 20, (1L << 20) + 2 * SubjectLimits.MARK_BYTES);
    SubjectState state = known(ORDERS);
    assertThat(state.kept().messages()).isEqualTo(300 - state.firstId() + 1);

    // Less is kept at once if less may be kept.
    apply(400, new UpdateSubject(ORDERS, new SettingsChange(null, null, null, null, 1L << 19)));
    assertThat(keptBytes()).isBetween(1L << 19, (1L << 19) + 2 * SubjectLimits.MARK_BYTES);

    while (store.reader().hasRemovable(500)) {
      apply(500, new Expire(7));
    }
    state = known(ORDERS);
    assertThat(state.stored().messages()).isEqualTo(state.kept().messages());
    assertThat(store.view().lastSizeMark(ORDERS, 1, state.kept().publishedBytes() - (1L << 19)))
        .as("marks go with the messages")
        .isNull();
  }

  private long keptBytes() {
    return store.reader().read(ORDERS, 1, Integer.MAX_VALUE).stream()
        .mapToLong(m -> m.frame().length)
        .sum();
  }

  private SubjectState known(Subject subject) {
    return Objects.requireNonNull(store.view().subject(subject));
  }

  @Test
  void whatWasSkippedAfterADisasterDoesNotPushOutWhatIsKept() {
    SubjectSettings tenMessages = new SubjectSettings(0, 0, 10, 0, 0);
    ArchivedSubject archived =
        new ArchivedSubject(ORDERS, 1_020, 1_020, 20, 99, 20, 2_000, 11, 1, tenMessages);
    ReservedRun skipped = new ReservedRun(ORDERS, 21, 1_020);
    apply(
        1,
        new AdoptSubjects(
            new Incarnation(2, 7), List.of(new AdoptedSubject(archived, List.of(skipped)))));
    apply(2, new OpenArchive(2));

    assertThat(apply(3, append(message(ORDERS, "a")))).isEqualTo(ids(1_021));

    assertThat(store.reader().firstId(ORDERS)).isEqualTo(12);
    assertThat(store.reader().settings(ORDERS)).isEqualTo(tenMessages);
    for (int i = 0; i < 9; i++) {
      apply(4 + i, append(message(ORDERS, "b")));
    }
    assertThat(store.reader().firstId(ORDERS)).isEqualTo(21);
    apply(20, append(message(ORDERS, "c")));
    assertThat(store.reader().firstId(ORDERS)).isEqualTo(1_022);
  }

  @Test
  void theFirstLeaderNamesTheLog() {
    apply(1, new AdoptSubjects(new Incarnation(2, 5), List.of()));
    apply(2, new AdoptSubjects(new Incarnation(2, 6), List.of())); // by one who did not know yet
    apply(3, new OpenArchive(2));

    assertThat(store.view().archive().incarnation()).isEqualTo(new Incarnation(2, 5));
  }

  private static Outcome ids(long... ids) {
    return new Outcome(ids, new int[0]);
  }

  private static Changes changesWith(Map<Subject, SubjectState> subjects) {
    return new Changes(
        1,
        0,
        1,
        subjects,
        new ArrayList<>(),
        List.of(),
        Map.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        ArchiveState.NONE,
        List.of(),
        List.of(),
        Changes.Retention.NONE,
        null);
  }
}
