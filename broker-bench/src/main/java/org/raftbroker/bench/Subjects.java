package org.raftbroker.bench;

import io.grpc.Status;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;

/**
 * The fresh subjects of one measurement and the ids that they gave out. Message number {@code n} of
 * a sender goes to subject {@code n % count}. Any thread.
 */
final class Subjects {
  private final List<String> names;
  private final List<IdLedger> ledgers;

  Subjects(String workload, int count) {
    String run = UUID.randomUUID().toString().substring(0, 8);
    names =
        IntStream.range(0, count).mapToObj(i -> "bench." + workload + "." + run + "." + i).toList();
    ledgers = IntStream.range(0, count).mapToObj(i -> new IdLedger()).toList();
  }

  int count() {
    return names.size();
  }

  String name(int subject) {
    return names.get(subject);
  }

  long highest(int subject) {
    return ledgers.get(subject).highest();
  }

  /** Enters an acknowledged message. */
  void acknowledge(int subject, long id, Meter meter) {
    if (!ledgers.get(subject).acknowledge(id)) {
      meter.violated("ids given twice or below 1", 1);
    }
  }

  /**
   * To call when nothing is outstanding: every id must be accounted for by an acknowledged message
   * or a failed one.
   */
  void checkDense(long failed, Meter meter) {
    long gaps = ledgers.stream().mapToLong(IdLedger::gaps).sum();
    if (gaps > failed) {
      meter.violated("ids skipped", gaps - failed);
    }
  }

  /** What a message that was refused on its own counts as. */
  static Status refusal(int code) {
    return Status.fromCodeValue(code);
  }
}
