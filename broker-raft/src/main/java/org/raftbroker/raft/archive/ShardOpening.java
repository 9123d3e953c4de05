package org.raftbroker.raft.archive;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.SharedArchive;
import org.raftbroker.raft.command.Command.AdoptSubjects;
import org.raftbroker.raft.command.Command.AdoptedSubject;
import org.raftbroker.raft.command.Command.OpenArchive;
import org.raftbroker.storage.ArchiveException;
import org.raftbroker.storage.Catalog;
import org.raftbroker.storage.Catalog.ArchivedShard;
import org.raftbroker.storage.Catalog.ArchivedSubject;
import org.raftbroker.storage.Changes.ReservedRun;
import org.raftbroker.storage.Incarnation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Begins a shard's log: before it gives out its first id, the catalog is asked which ids were given
 * out by logs before it. Done by the leader, on its archiver's thread; each step finds out from log
 * and catalog how far it came, so another leader goes on wherever this one ends.
 *
 * <ol>
 *   <li>The log takes its incarnation: 1 if the catalog does not know the shard, one more than the
 *       newest if it does and we were told to start from it. From here on the log is told from any
 *       other.
 *   <li>The catalog begins the incarnation, and in the same transaction skips as many ids of every
 *       subject as can have been given out without being archived.
 *   <li>The log adopts the subjects of the catalog.
 *   <li>The log is opened.
 * </ol>
 */
final class ShardOpening {
  private static final Logger log = LoggerFactory.getLogger(ShardOpening.class);

  private static final int PAGE_SUBJECTS = 500;

  private final ProposingShard shard;
  private final Catalog catalog;
  private final boolean recover;

  /**
   * @param recover whether to start from the archive if it knows the shard
   */
  ShardOpening(ProposingShard shard, Catalog catalog, boolean recover) {
    this.shard = shard;
    this.catalog = catalog;
    this.recover = recover;
  }

  /**
   * Goes all the way, or fails.
   *
   * @throws ArchiveException if the catalog does not answer, or this log must not be opened
   */
  void open() throws InterruptedException {
    Optional<ArchivedShard> known = catalog.shard(shard.number());
    Incarnation incarnation = shard.reader().archive().incarnation();
    if (incarnation.number() == 0) {
      long logId = ThreadLocalRandom.current().nextLong();
      shard.propose(new AdoptSubjects(new Incarnation(number(known), logId), List.of()));
      incarnation = shard.reader().archive().incarnation();
      if (incarnation.number() == 0) {
        throw new ArchiveException(
            "shard "
                + shard.number()
                + " has messages from a time without an archive, which cannot be added later; set"
                + " archive.enabled to false, or start a new cluster and publish them there");
      }
    }
    catalog.open(shard.number(), incarnation, known.isEmpty() ? 0 : SharedArchive.SKIPPED_IDS);
    long subjects = adopt(incarnation);
    shard.propose(new OpenArchive(incarnation.number()));
    if (incarnation.number() > 1) {
      report(subjects, known);
    }
    log.atInfo()
        .addKeyValue("shard", shard.number())
        .addKeyValue("incarnation", incarnation.number())
        .log("shard opened with an archive");
  }

  /** Of the incarnation to begin. */
  private long number(Optional<ArchivedShard> known) {
    if (known.isEmpty()) {
      return 1;
    }
    if (!recover) {
      throw new ArchiveException(
          "shard "
              + shard.number()
              + " is empty on this cluster, but the catalog has "
              + known.get().subjects()
              + " subjects of it; to go on from them, start the nodes with --recover-from-archive; to"
              + " begin anew, name another schema and keyspace (postgres.schema,"
              + " cassandra.keyspace)");
    }
    return known.get().incarnation() + 1;
  }

  private long adopt(Incarnation incarnation) throws InterruptedException {
    long adopted = 0;
    String last = "";
    while (true) {
      List<ArchivedSubject> page = catalog.subjects(shard.number(), last, PAGE_SUBJECTS);
      if (page.isEmpty()) {
        return adopted;
      }
      Map<Subject, List<ReservedRun>> reserved =
          catalog.reserved(page.stream().map(ArchivedSubject::subject).toList());
      shard.propose(
          new AdoptSubjects(
              incarnation,
              page.stream()
                  .map(
                      known ->
                          new AdoptedSubject(
                              known, reserved.getOrDefault(known.subject(), List.of())))
                  .toList()));
      adopted += page.size();
      last = page.get(page.size() - 1).subject().name();
      log.atInfo()
          .addKeyValue("shard", shard.number())
          .addKeyValue("subjects", adopted)
          .log("subjects taken over from the archive");
    }
  }

  /** What a recovery could not bring back is for the operator to know. */
  private void report(long subjects, Optional<ArchivedShard> before) {
    log.atWarn()
        .addKeyValue("shard", shard.number())
        .addKeyValue("subjects", subjects)
        .addKeyValue("skippedIds", SharedArchive.SKIPPED_IDS)
        .addKeyValue(
            "lastArchivedAt",
            before
                .filter(known -> known.archivedAtMillis() > 0)
                .map(known -> Instant.ofEpochMilli(known.archivedAtMillis()).toString())
                .orElse("never"))
        .addKeyValue("notArchivedThen", before.map(ArchivedShard::backlogMessages).orElse(0L))
        .log(
            "shard recovered from the archive; messages that were not archived are lost: those"
                + " counted here, and all that were published after lastArchivedAt");
  }
}
