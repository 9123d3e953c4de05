package org.raftbroker.localservers;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The files that Cassandra is started with; its jar brings none. Memory is set for a machine that
 * has other work, durability and timeouts are Cassandra's own.
 */
final class CassandraFiles {
  private static final String MAIN = "org.apache.cassandra.service.CassandraDaemon";

  /** What Cassandra 5.0 reaches into on Java 17; from its own jvm17-server.options. */
  private static final List<String> EXPORTS =
      List.of(
          "java.base/jdk.internal.misc",
          "java.base/jdk.internal.ref",
          "java.base/java.lang.ref",
          "java.base/sun.nio.ch",
          "java.management.rmi/com.sun.jmx.remote.internal.rmi",
          "java.rmi/sun.rmi.registry",
          "java.rmi/sun.rmi.server",
          "java.rmi/sun.rmi.transport",
          "java.rmi/sun.rmi.transport.tcp",
          "java.sql/java.sql",
          "jdk.unsupported/sun.misc");

  private static final List<String> OPENS =
      List.of(
          "java.base/java.io",
          "java.base/java.lang",
          "java.base/java.lang.module",
          "java.base/java.lang.reflect",
          "java.base/java.net",
          "java.base/java.nio",
          "java.base/java.util",
          "java.base/java.util.concurrent",
          "java.base/java.util.concurrent.atomic",
          "java.base/jdk.internal.loader",
          "java.base/jdk.internal.math",
          "java.base/jdk.internal.module",
          "java.base/jdk.internal.ref",
          "java.base/jdk.internal.reflect",
          "java.base/jdk.internal.util.jar",
          "java.base/sun.nio.ch",
          "jdk.management/com.sun.management.internal");

  private final CassandraSettings settings;

  CassandraFiles(CassandraSettings settings) {
    this.settings = settings;
  }

  Path log() {
    return settings.directory().resolve("cassandra.log");
  }

  /** Writes all of them anew; returns the file of Java's arguments. */
  Path write(Path libraries) throws IOException {
    Files.createDirectories(settings.directory());
    Path yaml = settings.directory().resolve("cassandra.yaml");
    Path logback = settings.directory().resolve("logback.xml");
    Path arguments = settings.directory().resolve("java.args");
    Files.writeString(yaml, yaml());
    Files.writeString(logback, LOGBACK);
    Files.write(arguments, arguments(libraries, yaml, logback), StandardCharsets.UTF_8);
    return arguments;
  }

  private List<String> arguments(Path libraries, Path yaml, Path logback) {
    List<String> all = new ArrayList<>();
    all.add("-Xms" + settings.heapMebibytes() + "m");
    all.add("-Xmx" + settings.heapMebibytes() + "m");
    all.add("-XX:MaxDirectMemorySize=" + settings.heapMebibytes() / 2 + "m");
    all.add("-XX:+ExitOnOutOfMemoryError");
    all.add("-XX:+PerfDisableSharedMem");
    all.add("-Xss512k");
    all.add("-Djava.security.manager=allow");
    all.add("-Djdk.attach.allowAttachSelf=true");
    all.add("-Dio.netty.tryReflectionSetAccessible=true");
    all.add("-Dcassandra-foreground=yes");
    all.add("-Dcassandra.config=" + yaml.toUri());
    all.add("-Dcassandra.storagedir=" + settings.directory().resolve("data"));
    all.add("-Dlogback.configurationFile=" + logback);
    // Alone it has nobody to wait for.
    all.add("-Dcassandra.skip_wait_for_gossip_to_settle=0");
    all.add("-Dcassandra.ring_delay_ms=1");
    all.add("-Dcassandra.superuser_setup_delay_ms=0");
    if (settings.jmxPort() != 0) {
      all.add("-Dcassandra.jmx.local.port=" + settings.jmxPort());
    }
    EXPORTS.forEach(name -> all.add("--add-exports=" + name + "=ALL-UNNAMED"));
    OPENS.forEach(name -> all.add("--add-opens=" + name + "=ALL-UNNAMED"));
    all.add("-cp");
    all.add(libraries + "/*");
    all.add(MAIN);
    return all.stream().map(CassandraFiles::quoted).toList();
  }

  /** As an argument file of Java's has it, where a backslash escapes. */
  private static String quoted(String argument) {
    return '"' + argument.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private String yaml() {
    String data = settings.directory().resolve("data").toString();
    int heap = settings.heapMebibytes();
    return String.join(
        "\n",
        "cluster_name: local",
        "num_tokens: 1",
        "partitioner: org.apache.cassandra.dht.Murmur3Partitioner",
        "endpoint_snitch: SimpleSnitch",
        "listen_address: 127.0.0.1",
        "rpc_address: 127.0.0.1",
        "native_transport_port: " + settings.cqlPort(),
        "storage_port: " + settings.storagePort(),
        "seed_provider:",
        "  - class_name: org.apache.cassandra.locator.SimpleSeedProvider",
        "    parameters:",
        "      - seeds: \"127.0.0.1:" + settings.storagePort() + "\"",
        "authenticator:",
        "  class_name: "
            + (settings.passwords() ? "PasswordAuthenticator" : "AllowAllAuthenticator"),
        "data_file_directories:",
        "  - " + quotedYaml(data + "/tables"),
        "commitlog_directory: " + quotedYaml(data + "/commitlog"),
        "cdc_raw_directory: " + quotedYaml(data + "/cdc"),
        "hints_directory: " + quotedYaml(data + "/hints"),
        "saved_caches_directory: " + quotedYaml(data + "/caches"),
        "commitlog_sync: periodic",
        "commitlog_sync_period: 10000ms",
        "commitlog_segment_size: 16MiB",
        "commitlog_total_space: 256MiB",
        // A quarter of the heap for rows not yet in a file: more of it makes fewer, larger files.
        "memtable_heap_space: " + heap / 4 + "MiB",
        "memtable:",
        "  configurations:",
        "    trie:",
        "      class_name: TrieMemtable",
        "    default:",
        "      inherits: trie",
        "file_cache_size: " + heap / 8 + "MiB",
        "networking_cache_size: " + heap / 8 + "MiB",
        "key_cache_size: 8MiB",
        "counter_cache_size: 0MiB",
        "concurrent_reads: 16",
        "concurrent_writes: 16",
        "concurrent_compactors: 1",
        "auto_snapshot: false",
        "");
  }

  /** As a YAML scalar in single quotes, where only the quote is special. */
  private static String quotedYaml(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  private static final String LOGBACK =
      """
      <configuration>
        <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
          <encoder>
            <pattern>%d{ISO8601} %-5level [%thread] %logger{20} %msg%n</pattern>
          </encoder>
        </appender>
        <root level="INFO">
          <appender-ref ref="out"/>
        </root>
      </configuration>
      """;
}
