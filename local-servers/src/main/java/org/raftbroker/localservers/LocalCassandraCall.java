package org.raftbroker.localservers;

import java.nio.file.Path;

/**
 * What the command line of {@link LocalCassandra} asks for.
 *
 * @param detach whether the server is to stay when the caller has gone
 */
record LocalCassandraCall(CassandraSettings settings, boolean detach, boolean help) {
  static final String USAGE =
      """
      Usage: java -cp CLASSES org.raftbroker.localservers.LocalCassandra --dir DIR [OPTION]...

      Starts one node of Apache Cassandra on 127.0.0.1, prints "ready at HOST:PORT pid=PID log=FILE" when it answers, and
      stays until it is told to stop (SIGTERM, Ctrl-C), which stops Cassandra, too.

        --dir DIR           its configuration, data and log
        --cql-port N        where clients connect (9042)
        --storage-port N    where it would talk to other nodes (7000)
        --jmx-port N        for Cassandra's own tools (none)
        --heap-mib N        its Java heap (512)
        --passwords         clients must log in; the first user is cassandra with the password cassandra
        --detach            return when it answers, and leave it running: kill PID stops it
      """;

  /**
   * Reads a command line.
   *
   * @throws IllegalArgumentException if it asks for nothing known, saying what is wrong
   */
  static LocalCassandraCall parse(String[] arguments) {
    Path directory = Path.of("");
    int cqlPort = CassandraSettings.CQL_PORT;
    int storagePort = CassandraSettings.STORAGE_PORT;
    int jmxPort = 0;
    int heap = CassandraSettings.HEAP_MEBIBYTES;
    boolean passwords = false;
    boolean detach = false;
    boolean help = false;
    boolean hasDirectory = false;
    for (int i = 0; i < arguments.length; i++) {
      String option = arguments[i];
      switch (option) {
        case "--dir" -> {
          directory = Path.of(value(arguments, ++i));
          hasDirectory = true;
        }
        case "--cql-port" -> cqlPort = port(arguments, ++i);
        case "--storage-port" -> storagePort = port(arguments, ++i);
        case "--jmx-port" -> jmxPort = port(arguments, ++i);
        case "--heap-mib" -> heap = number(arguments, ++i, 1 << 20);
        case "--passwords" -> passwords = true;
        case "--detach" -> detach = true;
        case "--help", "-h" -> help = true;
        default -> throw new IllegalArgumentException("unknown option \"" + option + "\"");
      }
    }
    if (!hasDirectory && !help) {
      throw new IllegalArgumentException("--dir is missing");
    }
    return new LocalCassandraCall(
        new CassandraSettings(directory, cqlPort, storagePort, jmxPort, heap, passwords),
        detach,
        help);
  }

  private static int port(String[] arguments, int index) {
    return number(arguments, index, 65_535);
  }

  private static int number(String[] arguments, int index, int max) {
    String text = value(arguments, index);
    try {
      int number = Integer.parseInt(text);
      if (number >= 1 && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // refused below, with what is allowed
    }
    throw new IllegalArgumentException(
        arguments[index - 1] + " must be a number from 1 to " + max + ", not \"" + text + "\"");
  }

  private static String value(String[] arguments, int index) {
    if (index == arguments.length) {
      throw new IllegalArgumentException(arguments[index - 1] + " needs a value");
    }
    return arguments[index];
  }
}
