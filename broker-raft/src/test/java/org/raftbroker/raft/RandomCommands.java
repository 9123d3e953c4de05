package org.raftbroker.raft;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.NewMessage.Idempotency;
import org.raftbroker.message.SettingsChange;
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
import org.raftbroker.raft.command.Command.UpdateSubject;
import org.raftbroker.storage.Catalog.ArchivedSubject;
import org.raftbroker.storage.Changes.ReservedRun;
import org.raftbroker.storage.Incarnation;

/** Commands on a handful of subjects and keys, so that they meet, from a seed. */
public final class RandomCommands {
  public static final List<Subject> SUBJECTS =
      List.of(new Subject("a"), new Subject("b.中"), new Subject("c".repeat(255)));

  private final Random random;

  public RandomCommands(Random random) {
    this.random = random;
  }

  /** Runs {@code check} with seeds 0, 1, 2, …; a failure says which one it was. */
  public static void forEachSeed(int seeds, Consumer<Random> check) {
    for (int seed = 0; seed < seeds; seed++) {
      try {
        check.accept(new Random(seed));
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("failed with seed " + seed, e);
      }
    }
  }

  /** Any kind but those that only a log's beginning sees. */
  public Command command() {
    return switch (random.nextInt(14)) {
      case 0, 1 -> new ReserveIds(subject(), 1 + random.nextInt(5));
      case 2 -> new Expire(1 + random.nextInt(5));
      case 3 -> new MarkArchived(random.nextInt(60));
      case 4 -> administration();
      case 5 ->
          new ReplaceClusterMap(
              random.nextInt(5), ByteString.copyFromUtf8("map" + random.nextInt(9)));
      default -> append();
    };
  }

  private Command administration() {
    return switch (random.nextInt(9)) {
      case 0, 1 -> new CreateSubject(subject(), settings());
      case 2, 3, 4 -> new UpdateSubject(subject(), settings());
      case 5, 6 -> new PurgeSubject(subject(), random.nextInt(60));
      case 7 -> new DeleteSubject(subject());
      default -> new MarkRemoved(subject(), random.nextInt(60));
    };
  }

  private SettingsChange settings() {
    return new SettingsChange(
        random.nextBoolean() ? random.nextInt(3) * 30 : null,
        random.nextBoolean() ? random.nextInt(100) : null,
        random.nextBoolean() ? (long) random.nextInt(8) : null,
        random.nextBoolean() ? random.nextInt(3) * 40 : null,
        random.nextBoolean() ? (long) random.nextInt(2) << 20 : null);
  }

  public Command anyCommand() {
    return switch (random.nextInt(8)) {
      case 0 -> new OpenArchive(1 + random.nextInt(9));
      case 1 -> adopt();
      default -> command();
    };
  }

  private AdoptSubjects adopt() {
    List<AdoptedSubject> adopted = new ArrayList<>();
    for (Subject subject : SUBJECTS.subList(0, random.nextInt(SUBJECTS.size() + 1))) {
      List<ReservedRun> reserved = new ArrayList<>();
      for (int left = random.nextInt(4); left > 0; left--) {
        reserved.add(new ReservedRun(subject, random.nextLong(), random.nextLong()));
      }
      adopted.add(
          new AdoptedSubject(
              new ArchivedSubject(
                  subject,
                  random.nextLong(),
                  random.nextLong(),
                  random.nextLong(),
                  random.nextInt(),
                  random.nextLong(),
                  random.nextLong(),
                  1 + random.nextInt(100),
                  random.nextLong(),
                  settings().appliedTo(SubjectSettings.DEFAULT)),
              reserved));
    }
    return new AdoptSubjects(new Incarnation(random.nextLong(), random.nextLong()), adopted);
  }

  private AppendBatch append() {
    List<NewMessage> messages = new ArrayList<>();
    for (int left = random.nextInt(5); left > 0; left--) {
      messages.add(message());
    }
    return new AppendBatch(messages);
  }

  private NewMessage message() {
    byte[] body = new byte[random.nextInt(30)];
    random.nextBytes(body);
    // Expiry and windows of seconds and of minutes: clocks of the tests move by both.
    int expirationSeconds = random.nextInt(3) == 0 ? 1 + random.nextInt(100) : 0;
    return new NewMessage(
        subject(), ByteString.copyFrom(body), expirationSeconds, headers(), idempotency());
  }

  private Map<String, String> headers() {
    Map<String, String> headers = new HashMap<>();
    for (int left = random.nextInt(4) == 0 ? 3 : 0; left > 0; left--) {
      headers.put("h€" + random.nextInt(9), "v".repeat(random.nextInt(9)));
    }
    return headers;
  }

  private @Nullable Idempotency idempotency() {
    return random.nextInt(3) == 0
        ? new Idempotency("key" + random.nextInt(4), 1 + random.nextInt(60))
        : null;
  }

  private Subject subject() {
    return SUBJECTS.get(random.nextInt(SUBJECTS.size()));
  }
}
