package org.raftbroker;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * A rule that cannot fail protects nothing: for each one of {@link ArchitectureTest}, a class that
 * breaks it is compiled, and must be refused.
 */
final class ArchitectureRulesTest {
  /** By rule: the bodies of classes that break it, each with its package in front. */
  private static final Map<String, List<Wrong>> WRONG_BY_RULE = new TreeMap<>();

  private record Wrong(String packageName, String className, String body) {}

  private static void wrong(String rule, String packageName, String body) {
    List<Wrong> all = WRONG_BY_RULE.computeIfAbsent(rule, r -> new ArrayList<>());
    all.add(new Wrong("org.raftbroker." + packageName, "Wrong" + all.size(), body));
  }

  static {
    wrong("message", "message", "org.raftbroker.storage.ShardStore store;");
    wrong("config", "config", "org.slf4j.Logger log;");
    wrong("storage", "storage", "org.raftbroker.raft.Shard shard;");
    wrong("rocksdb", "storage.rocksdb", "org.raftbroker.raft.Shard shard;");
    wrong("onlyOnePackageKnowsRocksDb", "raft", "org.rocksdb.RocksDB db;");
    wrong("cassandra", "storage.cassandra", "org.raftbroker.storage.rocksdb.RocksStores stores;");
    wrong("onlyOnePackageKnowsCassandra", "raft", "com.datastax.oss.driver.api.core.CqlSession s;");
    wrong("postgres", "storage.postgres", "org.raftbroker.storage.rocksdb.RocksStores stores;");
    wrong("onlyOnePackageKnowsJdbc", "raft", "java.sql.Connection connection;");
    wrong("command", "raft.command", "org.raftbroker.raft.Shard shard;");
    wrong("apply", "raft.apply", "org.raftbroker.raft.Shard shard;");
    wrong("placement", "raft.placement", "org.raftbroker.raft.Shard shard;");
    wrong("cluster", "server.cluster", "org.raftbroker.server.grpc.RequestObserver observer;");
    wrong("applyIsPure", "raft.apply", "long now() { return System.currentTimeMillis(); }");
    wrong(
        "applyReadsThroughTheViewOnly", "raft.apply", "org.raftbroker.storage.ShardReader reader;");
    wrong("raft", "raft", "org.raftbroker.storage.rocksdb.RocksStores stores;");
    wrong("ratis", "raft.ratis", "org.raftbroker.storage.rocksdb.RocksStores stores;");
    wrong("archive", "raft.archive", "org.raftbroker.storage.postgres.PostgresCatalog catalog;");
    wrong("onlyOnePackageKnowsRatis", "raft", "org.apache.ratis.server.RaftServer server;");
    wrong("membership", "server.membership", "org.raftbroker.raft.Shard shard;");
    wrong("fixedMembership", "server.membership.fixed", "org.raftbroker.raft.Shard shard;");
    wrong("jgroupsMembership", "server.membership.jgroups", "org.raftbroker.raft.Shard shard;");
    wrong("onlyOnePackageKnowsJGroups", "server.peer", "org.jgroups.JChannel channel;");
    wrong(
        "serfMembership",
        "server.membership.serf",
        "org.raftbroker.server.membership.fixed.StaticMembership other;");
    wrong(
        "kubernetesMembership",
        "server.membership.kubernetes",
        "org.raftbroker.server.membership.jgroups.JGroupsMembership other;");
    wrong("delivery", "server.delivery", "org.raftbroker.raft.command.Entry entry;");
    wrong("deliveryKnowsNoTransport", "server.delivery", "io.grpc.Status status;");
    wrong("transport", "server.transport", "org.raftbroker.raft.Shard shard;");
    wrong("peer", "server.peer", "org.raftbroker.server.grpc.RequestObserver observer;");
    wrong("grpc", "server.grpc", "org.raftbroker.raft.command.Entry entry;");
    wrong("http", "server.http", "io.grpc.Status status;");
    wrong("console", "server.console", "org.raftbroker.raft.Shard shard;");
    wrong("tracing", "server.tracing", "org.raftbroker.raft.Shard shard;");
    wrong(
        "onlyOnePackageKnowsOpenTelemetry", "server.grpc", "io.opentelemetry.api.trace.Span span;");
    wrong("metrics", "server.metrics", "org.raftbroker.raft.command.Entry entry;");
    wrong(
        "onlyOnePackageKnowsMicrometer",
        "raft",
        "io.micrometer.core.instrument.MeterRegistry registry;");
    wrong("serverConfig", "server.config", "io.grpc.Status status;");
    wrong("logging", "server.logging", "org.raftbroker.raft.Shard shard;");
    wrong("nobodyKnowsTheCompositionRoot", "server", "public static int nodes;");
    wrong(
        "nobodyKnowsTheCompositionRoot",
        "server.grpc",
        "int nodes() { return org.raftbroker.server.Wrong0.nodes; }");
    wrong("everyPackageHasARule", "util", "");
    wrong("noCycles", "storage", "Object next() { return new org.raftbroker.message.Wrong1(); }");
    wrong("noCycles", "message", "Object next() { return new org.raftbroker.storage.Wrong0(); }");
    wrong("everyPackageIsNullMarked", "unmarked", "");
  }

  @TempDir static Path temp;

  @TestFactory
  Stream<DynamicTest> refuses() {
    return WRONG_BY_RULE.entrySet().stream()
        .map(
            entry ->
                DynamicTest.dynamicTest(
                    entry.getKey(),
                    () -> {
                      JavaClasses wrong = compiled(entry.getKey(), entry.getValue());

                      boolean violated = rule(entry.getKey()).evaluate(wrong).hasViolation();

                      assertThat(violated).as("refused: %s", entry.getValue()).isTrue();
                    }));
  }

  @Test
  void everyRuleIsShownToFail() {
    List<String> rules =
        Arrays.stream(ArchitectureTest.class.getDeclaredFields())
            .filter(field -> field.isAnnotationPresent(ArchTest.class))
            .map(field -> field.getName())
            .toList();

    assertThat(WRONG_BY_RULE.keySet()).containsExactlyInAnyOrderElementsOf(rules);
  }

  private static ArchRule rule(String name) throws ReflectiveOperationException {
    return (ArchRule) ArchitectureTest.class.getDeclaredField(name).get(null);
  }

  private static JavaClasses compiled(String rule, List<Wrong> classes) throws IOException {
    Path sources = temp.resolve(rule).resolve("sources");
    Path output = Files.createDirectories(temp.resolve(rule).resolve("classes"));
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "-proc:none",
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                output.toString()));
    for (Wrong wrong : classes) {
      Path file = sources.resolve(wrong.packageName()).resolve(wrong.className() + ".java");
      Files.createDirectories(file.getParent());
      Files.writeString(
          file,
          "package "
              + wrong.packageName()
              + "; public class "
              + wrong.className()
              + " { "
              + wrong.body()
              + " }");
      arguments.add(file.toString());
    }
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, arguments.toArray(String[]::new));
    assertThat(status).as("the wrong classes of %s compile", rule).isZero();
    return new ClassFileImporter().importPath(output);
  }
}
