package org.raftbroker;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.time.Clock;
import java.time.Instant;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;

/**
 * The direction of dependencies. One rule for each package says whom it may know; everything not
 * named is refused, a new package too until it gets its rule. ARCHITECTURE.md tells why; {@link
 * ArchitectureRulesTest} shows that each rule can fail.
 */
@AnalyzeClasses(packages = "org.raftbroker", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
  private static final String ROOT = "org.raftbroker.";
  private static final String PROTOBUF = "com.google.protobuf..";
  private static final String PUBLIC_CONTRACT = "org.raftbroker.proto";
  private static final String GRPC = "io.grpc..";
  private static final String RICH_ERRORS = "com.google.rpc..";
  private static final String NETTY = "io.netty..";
  private static final String LOGGING = "org.slf4j..";
  private static final String JSON = "tools.jackson..";
  private static final String MICROMETER = "io.micrometer..";
  private static final String OPEN_TELEMETRY = "io.opentelemetry..";

  // --- broker-storage

  @ArchTest static final ArchRule message = mayKnow("message", PROTOBUF, PUBLIC_CONTRACT);

  @ArchTest static final ArchRule config = mayKnow("config");

  @ArchTest static final ArchRule storage = mayKnow("storage");

  @ArchTest
  static final ArchRule rocksdb =
      mayKnow("storage.rocksdb", ours("storage"), PROTOBUF, LOGGING, "org.rocksdb..");

  @ArchTest
  static final ArchRule onlyOnePackageKnowsRocksDb = onlyIn("storage.rocksdb", "org.rocksdb..");

  @ArchTest
  static final ArchRule cassandra =
      mayKnow("storage.cassandra", ours("storage"), LOGGING, "com.datastax.oss.driver.api..");

  @ArchTest
  static final ArchRule onlyOnePackageKnowsCassandra =
      onlyIn("storage.cassandra", "com.datastax..");

  @ArchTest
  static final ArchRule postgres =
      mayKnow(
          "storage.postgres",
          ours("storage"),
          LOGGING,
          "javax.sql..",
          "org.postgresql..",
          "com.zaxxer.hikari..",
          "org.flywaydb..");

  @ArchTest
  static final ArchRule onlyOnePackageKnowsJdbc = onlyIn("storage.postgres", "java.sql..");

  // --- broker-raft

  /** Of the stores it knows values: the answer that is remembered, and what is adopted. */
  @ArchTest
  static final ArchRule command =
      mayKnow("raft.command", ours("storage"), PROTOBUF, "org.raftbroker.proto.log");

  @ArchTest
  static final ArchRule placement =
      mayKnow("raft.placement", ours("message"), PROTOBUF, "org.raftbroker.proto.cluster");

  @ArchTest
  static final ArchRule apply =
      mayKnow("raft.apply", ours("raft.command"), ours("storage"), PROTOBUF);

  /** Same view and entry, same answer: no disk, no clock, no threads, no log, no randomness. */
  @ArchTest
  static final ArchRule applyIsPure =
      noClasses()
          .that()
          .resideInAPackage(ours("raft.apply"))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "java.io..",
              "java.nio.channels..",
              "java.nio.file..",
              "java.net..",
              "java.util.concurrent..")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName(Clock.class.getName())
          .orShould()
          .dependOnClassesThat()
          .haveNameMatching(
              "java\\.util\\.(Random|UUID)|java\\.security\\.SecureRandom|java\\.lang\\.Thread")
          .orShould()
          .callMethod(Instant.class, "now")
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(System.class, "nanoTime")
          .orShould()
          .callMethod(Math.class, "random");

  /** What an entry finds is the view; stores and their readers belong to others. */
  @ArchTest
  static final ArchRule applyReadsThroughTheViewOnly =
      noClasses()
          .that()
          .resideInAnyPackage(ours("raft.apply"), ours("raft.command"))
          .should()
          .dependOnClassesThat()
          .haveNameMatching("org\\.raftbroker\\.storage\\.(ShardStore|ShardReader|StoreException)");

  @ArchTest
  static final ArchRule raft =
      mayKnow("raft", ours("raft.command"), ours("raft.apply"), ours("storage"), PROTOBUF, LOGGING);

  @ArchTest
  static final ArchRule ratis =
      mayKnow(
          "raft.ratis",
          ours("raft.placement"),
          ours("raft"),
          ours("raft.command"),
          ours("raft.apply"),
          ours("storage"),
          PROTOBUF,
          LOGGING,
          "org.apache.ratis..");

  @ArchTest
  static final ArchRule archive =
      mayKnow("raft.archive", ours("raft"), ours("raft.command"), ours("storage"), LOGGING);

  @ArchTest
  static final ArchRule onlyOnePackageKnowsRatis = onlyIn("raft.ratis", "org.apache.ratis..");

  // --- broker-server

  @ArchTest static final ArchRule membership = mayKnow("server.membership", LOGGING);

  @ArchTest
  static final ArchRule fixedMembership =
      mayKnow("server.membership.fixed", ours("server.membership"));

  @ArchTest
  static final ArchRule jgroupsMembership =
      mayKnow(
          "server.membership.jgroups",
          ours("server.membership"),
          LOGGING,
          "org.jgroups..",
          "javax.crypto..");

  @ArchTest
  static final ArchRule onlyOnePackageKnowsJGroups =
      onlyIn("server.membership.jgroups", "org.jgroups..");

  @ArchTest
  static final ArchRule serfMembership =
      mayKnow("server.membership.serf", ours("server.membership"), LOGGING, "org.msgpack..");

  /** Whatever provider it is beside. */
  @ArchTest
  static final ArchRule kubernetesMembership =
      mayKnow(
          "server.membership.kubernetes",
          ours("server.membership"),
          LOGGING,
          JSON,
          "javax.net.ssl..");

  @ArchTest
  static final ArchRule delivery =
      mayKnow("server.delivery", ours("raft"), ours("storage"), PROTOBUF, LOGGING);

  /** The transport is behind {@code Outbound}. */
  @ArchTest
  static final ArchRule deliveryKnowsNoTransport =
      noClasses()
          .that()
          .resideInAPackage(ours("server.delivery"))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(GRPC, NETTY, "org.raftbroker.proto..");

  @ArchTest
  static final ArchRule transport = mayKnow("server.transport", GRPC, NETTY, PROTOBUF, LOGGING);

  @ArchTest
  static final ArchRule peer =
      mayKnow(
          "server.peer",
          ours("server.transport"),
          ours("server.delivery"),
          ours("server.membership"),
          ours("raft"),
          ours("raft.command"),
          ours("storage"),
          "org.raftbroker.proto..",
          GRPC,
          NETTY,
          PROTOBUF,
          LOGGING);

  @ArchTest
  static final ArchRule cluster =
      mayKnow(
          "server.cluster",
          ours("server.peer"),
          ours("server.membership"),
          ours("raft"),
          ours("raft.command"),
          ours("raft.placement"),
          ours("storage"),
          "org.raftbroker.proto.cluster",
          GRPC,
          PROTOBUF,
          LOGGING);

  @ArchTest
  static final ArchRule grpc =
      mayKnow(
          "server.grpc",
          ours("server.cluster"),
          ours("raft.placement"),
          ours("server.delivery"),
          ours("server.peer"),
          ours("server.transport"),
          ours("server.membership"),
          ours("raft"),
          ours("storage"),
          PUBLIC_CONTRACT,
          "org.raftbroker.proto.admin",
          GRPC,
          RICH_ERRORS,
          NETTY,
          PROTOBUF,
          LOGGING);

  @ArchTest
  static final ArchRule http =
      mayKnow(
          "server.http",
          ours("server.metrics"),
          ours("server.membership"),
          ours("raft"),
          LOGGING,
          JSON,
          "com.sun.net.httpserver..");

  /** A client of its node like anybody's: what is behind the gRPC port it does not know. */
  @ArchTest
  static final ArchRule console =
      mayKnow(
          "server.console",
          ours("server.http"),
          ours("server.metrics"),
          ours("server.membership"),
          ours("server.transport"),
          PUBLIC_CONTRACT,
          "org.raftbroker.proto.admin",
          GRPC,
          RICH_ERRORS,
          PROTOBUF,
          LOGGING,
          JSON,
          "com.sun.net.httpserver..");

  /** Of the front it knows the tracer that it implements, and where messages go. */
  @ArchTest
  static final ArchRule tracing =
      mayKnow(
          "server.tracing",
          ours("server.grpc"),
          ours("server.delivery"),
          ours("storage"),
          ours("message"),
          ours("config"),
          PROTOBUF,
          OPEN_TELEMETRY);

  @ArchTest
  static final ArchRule onlyOnePackageKnowsOpenTelemetry = onlyIn("server.tracing", OPEN_TELEMETRY);

  /** Of the front it knows the observers that it implements. */
  @ArchTest
  static final ArchRule metrics =
      mayKnow(
          "server.metrics",
          ours("server.delivery"),
          ours("server.grpc"),
          ours("server.membership"),
          ours("raft"),
          ours("raft.archive"),
          ours("storage"),
          "org.raftbroker.proto..",
          GRPC,
          MICROMETER,
          "io.prometheus.metrics..",
          LOGGING);

  @ArchTest
  static final ArchRule onlyOnePackageKnowsMicrometer = onlyIn("server.metrics", MICROMETER);

  /** It gathers every configuration record, so it sees every package that has one. */
  @ArchTest
  static final ArchRule serverConfig =
      mayKnow(
          "server.config",
          ours("storage.rocksdb"),
          ours("storage.cassandra"),
          ours("storage.postgres"),
          ours("raft"),
          ours("raft.archive"),
          ours("raft.ratis"),
          ours("server.membership"),
          ours("server.membership.jgroups"),
          ours("server.membership.kubernetes"),
          ours("server.membership.serf"),
          ours("server.delivery"),
          ours("server.peer"),
          ours("server.cluster"),
          ours("server.grpc"),
          ours("server.http"),
          ours("server.console"),
          ours("server.tracing"),
          LOGGING,
          JSON,
          "org.snakeyaml.engine..");

  @ArchTest static final ArchRule logging = mayKnow("server.logging", LOGGING, "ch.qos.logback..");

  /** The composition root; it knows everything, so nobody knows it. */
  @ArchTest
  static final ArchRule nobodyKnowsTheCompositionRoot =
      noClasses()
          .that()
          .resideOutsideOfPackage(ours("server"))
          .should()
          .dependOnClassesThat()
          .resideInAPackage(ours("server"));

  // --- all

  @ArchTest
  static final ArchRule everyPackageHasARule =
      classes()
          .that(
              resideInAPackage("org.raftbroker..")
                  .and(JavaClass.Predicates.resideOutsideOfPackage("org.raftbroker.proto..")))
          .should()
          .resideInAnyPackage(
              Stream.of(
                      "message",
                      "config",
                      "storage",
                      "storage.rocksdb",
                      "storage.postgres",
                      "storage.cassandra",
                      "raft.command",
                      "raft.apply",
                      "raft",
                      "raft.placement",
                      "raft.ratis",
                      "raft.archive",
                      "server.membership",
                      "server.membership.fixed",
                      "server.membership.jgroups",
                      "server.membership.kubernetes",
                      "server.membership.serf",
                      "server.delivery",
                      "server.transport",
                      "server.peer",
                      "server.cluster",
                      "server.grpc",
                      "server.http",
                      "server.console",
                      "server.tracing",
                      "server.metrics",
                      "server.config",
                      "server.logging",
                      "server")
                  .map(ArchitectureTest::ours)
                  .toArray(String[]::new));

  @ArchTest
  static final ArchRule noCycles =
      slices().matching("org.raftbroker.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule everyPackageIsNullMarked =
      classes()
          .that()
          .resideInAPackage("org.raftbroker..")
          .and()
          .resideOutsideOfPackage("org.raftbroker.proto..")
          .should(beInANullMarkedPackage());

  private static String ours(String name) {
    return ROOT + name;
  }

  /** Everyone may know Java, the vocabulary, how a configuration is read, and nullness. */
  private static ArchRule mayKnow(String name, String... known) {
    String[] all =
        Stream.concat(
                Stream.of(
                    "java..",
                    "org.jspecify.annotations",
                    ours("message"),
                    ours("config"),
                    ours(name)),
                Stream.of(known))
            .toArray(String[]::new);
    return classes()
        .that()
        .resideInAPackage(ours(name))
        .should()
        .onlyDependOnClassesThat(resideInAnyPackage(all));
  }

  private static ArchRule onlyIn(String name, String library) {
    return noClasses()
        .that()
        .resideOutsideOfPackage(ours(name))
        .should()
        .dependOnClassesThat()
        .resideInAPackage(library);
  }

  private static ArchCondition<JavaClass> beInANullMarkedPackage() {
    return new ArchCondition<>("be in a package whose package-info.java says @NullMarked") {
      @Override
      public void check(JavaClass item, ConditionEvents events) {
        boolean marked = item.getPackage().isAnnotatedWith(NullMarked.class);
        events.add(
            new SimpleConditionEvent(
                item, marked, item.getName() + " is in a package without @NullMarked"));
      }
    };
  }
}
