package org.raftbroker.localservers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;

/**
 * How a {@link LocalCassandra} runs. All ports are of 127.0.0.1.
 *
 * @param directory for its configuration, data and log; made if it is not there. A server started
 *     again in the same directory has what it had
 * @param cqlPort where clients connect
 * @param storagePort where it would talk to other nodes
 * @param jmxPort for Cassandra's own tools; 0: none
 * @param heapMebibytes of its Java heap, at least 256; as much again goes to buffers and code
 * @param passwords whether clients must log in; there is then the user {@code cassandra} with the
 *     password {@code cassandra}, a few seconds after the start
 */
public record CassandraSettings(
    Path directory,
    int cqlPort,
    int storagePort,
    int jmxPort,
    int heapMebibytes,
    boolean passwords) {
  static final int CQL_PORT = 9042;
  static final int STORAGE_PORT = 7000;
  static final int HEAP_MEBIBYTES = 512;

  public CassandraSettings {
    directory = directory.toAbsolutePath().normalize();
    if (heapMebibytes < 256) {
      throw new IllegalArgumentException(
          "Cassandra does not start with a heap of "
              + heapMebibytes
              + " MiB; give it at least 256");
    }
  }

  /** On the ports that Cassandra is known for, without passwords and JMX. */
  public static CassandraSettings in(Path directory) {
    return new CassandraSettings(directory, CQL_PORT, STORAGE_PORT, 0, HEAP_MEBIBYTES, false);
  }

  /** As {@link #in}, on ports that are free now. */
  public static CassandraSettings onFreePorts(Path directory) {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    // Both are held until both are known, so that they differ.
    try (ServerSocket cql = new ServerSocket(0, 1, loopback);
        ServerSocket storage = new ServerSocket(0, 1, loopback)) {
      return new CassandraSettings(
          directory, cql.getLocalPort(), storage.getLocalPort(), 0, HEAP_MEBIBYTES, false);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot find free ports on " + loopback, e);
    }
  }

  public CassandraSettings withPasswords() {
    return new CassandraSettings(directory, cqlPort, storagePort, jmxPort, heapMebibytes, true);
  }
}
