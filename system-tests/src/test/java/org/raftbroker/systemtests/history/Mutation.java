package org.raftbroker.systemtests.history;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.raftbroker.systemtests.history.Finding.Kind;
import org.raftbroker.systemtests.history.RandomHistory.Reserved;
import org.raftbroker.systemtests.history.RandomHistory.Stream;
import org.raftbroker.systemtests.history.RandomHistory.Try;
import org.raftbroker.systemtests.history.RandomHistory.Wanted;
import org.raftbroker.systemtests.history.SubscriberRecord.Begin;

/** One way in which a broker can break its promises, done to a history that keeps them. */
enum Mutation {
  ONE_NODE_LOSES_A_MESSAGE(Kind.LOST) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      List<Received> log = h.log(h.node());
      log.remove((int) indexOf(log, pick(acknowledged(h), random)));
      RandomHistory.relink(log);
      return true;
    }
  },
  ALL_NODES_LOSE_A_MESSAGE(Kind.LOST) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      Wanted victim = pick(acknowledged(h), random);
      for (List<Received> log : h.logByNode.values()) {
        log.remove((int) indexOf(log, victim));
        RandomHistory.relink(log);
      }
      return true;
    }
  },
  ONE_NODE_HOLDS_OTHER_BYTES(Kind.DIVERGED) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      List<Received> log = h.log(h.node());
      int at = random.nextInt(log.size());
      log.set(at, withBody(log.get(at), flip(log.get(at).body(), random)));
      RandomHistory.relink(log);
      return true;
    }
  },
  ONE_NODE_HOLDS_ANOTHER_TIME(Kind.DIVERGED) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      List<Received> log = h.log(h.node());
      int at = random.nextInt(log.size());
      Received m = log.get(at);
      log.set(
          at,
          new Received(
              m.id(),
              m.body(),
              m.publishedAtMillis() + 1,
              m.previousId(),
              m.checksum(),
              m.atNanos()));
      return true;
    }
  },
  MESSAGE_IS_STORED_AGAIN(Kind.DUPLICATED) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      append(h, pick(acknowledged(h), random).body());
      return true;
    }
  },
  REFUSED_MESSAGE_IS_STORED(Kind.INVENTED) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      List<Wanted> refused =
          h.wanted.stream().filter(w -> w.tries().stream().allMatch(t -> t.id() < 0)).toList();
      if (refused.isEmpty()) {
        return false;
      }
      append(h, pick(refused, random).body());
      return true;
    }
  },
  MESSAGE_FROM_NOWHERE_IS_STORED(Kind.INVENTED) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      append(h, RandomHistory.bytes("from nowhere"));
      return true;
    }
  },
  TWO_MESSAGES_CHANGE_PLACES(Kind.REORDERED) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      List<Wanted> once = acknowledged(h).stream().filter(w -> w.tries().size() == 1).toList();
      Wanted first = once.get(0);
      Wanted last = once.get(once.size() - 1);
      Try early = first.tries().get(0);
      Try late = last.tries().get(0);
      if (early.to() >= late.from()) {
        return false;
      }
      first.tries().set(0, early.withId(late.id()));
      last.tries().set(0, late.withId(early.id()));
      for (List<Received> log : h.logByNode.values()) {
        int a = (int) indexOf(log, first);
        int b = (int) indexOf(log, last);
        ByteString body = log.get(a).body();
        log.set(a, withBody(log.get(a), log.get(b).body()));
        log.set(b, withBody(log.get(b), body));
        RandomHistory.relink(log);
      }
      return true;
    }
  },
  ID_IS_ACKNOWLEDGED_TWICE(Kind.ID_REUSED) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      List<Wanted> acknowledged = acknowledged(h);
      Wanted thief = acknowledged.get(random.nextInt(acknowledged.size() - 1));
      Wanted owner = acknowledged.get(acknowledged.size() - 1);
      int at = thief.tries().size() - 1;
      thief.tries().set(at, thief.tries().get(at).withId(owner.tries().get(0).id()));
      return true;
    }
  },
  RESERVED_ID_HOLDS_A_MESSAGE(Kind.ID_REUSED) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      Wanted victim = pick(acknowledged(h), random);
      long id = victim.tries().get(victim.tries().size() - 1).id();
      h.reservations.add(new Reserved(1, 0, Long.MAX_VALUE - 1, id));
      return true;
    }
  },
  RESERVATION_IS_FORGOTTEN(Kind.ID_SKIPPED) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      h.reservations.removeIf(r -> r.lastId() == 0);
      return h.reservations.removeIf(r -> r.lastId() != 0) || hasUnusedIds(h);
    }
  },
  CHECKSUM_IS_WRONG_EVERYWHERE(Kind.CHAIN_BROKEN) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      int at = random.nextInt(h.log("n1").size());
      for (List<Received> log : h.logByNode.values()) {
        Received m = log.get(at);
        log.set(
            at,
            new Received(
                m.id(),
                m.body(),
                m.publishedAtMillis(),
                m.previousId(),
                m.checksum() ^ 4,
                m.atNanos()));
      }
      return true;
    }
  },
  STREAM_LEAVES_OUT_A_MESSAGE(Kind.STREAM_GAP) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      Stream stream = streamWith(h, s -> s.deliveries().size() > 2);
      if (stream == null) {
        return false;
      }
      // Neither the first, which a new subscriber may not be owed, nor the last: the next case.
      stream.deliveries().remove(1 + random.nextInt(stream.deliveries().size() - 2));
      return true;
    }
  },
  STREAM_LEAVES_OUT_THE_END(Kind.STREAM_GAP) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      Stream stream =
          streamWith(h, s -> s.begin() instanceof Begin.FromId && !s.deliveries().isEmpty());
      if (stream == null) {
        return false;
      }
      stream.deliveries().remove(stream.deliveries().size() - 1);
      return true;
    }
  },
  STREAM_LEAVES_OUT_THE_BEGINNING(Kind.STREAM_GAP) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      Stream stream =
          streamWith(h, s -> s.begin() instanceof Begin.FromId && s.deliveries().size() > 1);
      if (stream == null) {
        return false;
      }
      stream.deliveries().remove(0);
      return true;
    }
  },
  STREAM_GIVES_A_MESSAGE_TWICE(Kind.STREAM_DUPLICATE) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      Stream stream = streamWith(h, s -> !s.deliveries().isEmpty());
      if (stream == null) {
        return false;
      }
      int at = random.nextInt(stream.deliveries().size());
      int again = at + 1 + random.nextInt(stream.deliveries().size() - at);
      stream.deliveries().add(again, stream.deliveries().get(at));
      return true;
    }
  },
  STREAM_GOES_BACKWARDS(Kind.STREAM_REORDERED) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      Stream stream = streamWith(h, s -> s.deliveries().size() > 1);
      if (stream == null) {
        return false;
      }
      int at = random.nextInt(stream.deliveries().size() - 1);
      stream.deliveries().add(at, stream.deliveries().remove(at + 1));
      return true;
    }
  },
  STREAM_GIVES_OTHER_BYTES(Kind.ALTERED) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      Stream stream = streamWith(h, s -> !s.deliveries().isEmpty());
      if (stream == null) {
        return false;
      }
      int at = random.nextInt(stream.deliveries().size());
      Received m = stream.deliveries().get(at);
      stream.deliveries().set(at, withBody(m, flip(m.body(), random)));
      return true;
    }
  },
  STREAM_BEGINS_TOO_EARLY(Kind.STREAM_UNASKED) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      Stream stream =
          streamWith(h, s -> s.begin() instanceof Begin.FromId from && from.id() > h.lastId() / 2);
      List<Received> log = h.log("n1");
      if (stream == null || log.get(0).id() >= ((Begin.FromId) stream.begin()).id()) {
        return false;
      }
      stream.deliveries().add(0, log.get(0));
      return true;
    }
  },
  FETCH_MISSES_AN_ACKNOWLEDGED_MESSAGE(Kind.STALE_READ) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      Wanted victim = pick(acknowledged(h), random);
      Try told = victim.tries().get(victim.tries().size() - 1);
      h.fetches.add(
          new FetchCall(
              h.node(),
              RandomHistory.SUBJECT,
              told.id(),
              told.to() + 1,
              told.to() + 2,
              new FetchCall.Absent("ID_NOT_PUBLISHED")));
      return true;
    }
  },
  FETCH_ANSWERS_OTHER_BYTES(Kind.ALTERED) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      List<Received> log = h.log("n1");
      Received m = log.get(random.nextInt(log.size()));
      long at = Long.MAX_VALUE / 2;
      Received other = RandomHistory.receivedAt(withBody(m, flip(m.body(), random)), at);
      h.fetches.add(
          new FetchCall(
              h.node(), RandomHistory.SUBJECT, m.id(), at, at, new FetchCall.Found(other)));
      return true;
    }
  },
  CALL_ENDS_WITH_A_STATUS_OF_A_DEFECT(Kind.WRONG_STATUS) {
    @Override
    boolean apply(RandomHistory h, Random random) {
      List<Try> tries = new ArrayList<>(List.of(new Try(0, 1, 0, "INTERNAL")));
      h.wanted.add(new Wanted(RandomHistory.bytes("broken"), null, tries));
      return true;
    }
  };

  private final Kind finding;

  Mutation(Kind finding) {
    this.finding = finding;
  }

  /** What the checker must find, perhaps among other things. */
  Kind finding() {
    return finding;
  }

  /** Breaks the history; false if it has nothing that could be broken in this way. */
  abstract boolean apply(RandomHistory h, Random random);

  private static List<Wanted> acknowledged(RandomHistory h) {
    return h.wanted.stream().filter(w -> w.tries().get(w.tries().size() - 1).id() > 0).toList();
  }

  /** The place of the copy that was acknowledged. */
  private static long indexOf(List<Received> log, Wanted message) {
    long id = message.tries().get(message.tries().size() - 1).id();
    return log.stream().takeWhile(m -> m.id() != id).count();
  }

  private static <T> T pick(List<T> all, Random random) {
    return all.get(random.nextInt(all.size()));
  }

  private static @Nullable Stream streamWith(RandomHistory h, Predicate<Stream> wanted) {
    return h.streams.stream().filter(wanted).findFirst().orElse(null);
  }

  private static boolean hasUnusedIds(RandomHistory h) {
    return h.log("n1").size() < h.lastId();
  }

  private static void append(RandomHistory h, ByteString body) {
    for (List<Received> log : h.logByNode.values()) {
      Received last = log.get(log.size() - 1);
      log.add(new Received(last.id() + 1, body, last.publishedAtMillis(), 0, 0, last.atNanos()));
      RandomHistory.relink(log);
    }
  }

  private static Received withBody(Received m, ByteString body) {
    return new Received(
        m.id(), body, m.publishedAtMillis(), m.previousId(), m.checksum(), m.atNanos());
  }

  private static ByteString flip(ByteString body, Random random) {
    byte[] bytes = body.toByteArray();
    bytes[random.nextInt(bytes.length)] ^= (byte) 0x80;
    return ByteString.copyFrom(bytes);
  }
}
