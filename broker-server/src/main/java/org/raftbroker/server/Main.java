package org.raftbroker.server;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.raftbroker.server.config.ConfigException;
import org.raftbroker.server.config.NodeConfig;
import org.raftbroker.server.config.Setting;
import org.raftbroker.server.logging.JulBridge;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** One node as a process. */
@Command(
    name = "broker-server",
    description = "Runs one RaftBroker node until it is told to stop (SIGTERM or Ctrl-C).",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false,
    footer = {
      "",
      "Every key of the configuration can be set by an environment variable: BROKER_ and its path in upper case, as in"
          + " BROKER_NODE_DATADIR. BROKER_LOG_LEVEL and BROKER_LOG_FORMAT=json change the log.",
      "",
      "Exit codes: 0 stopped as told, 1 could not start or go on, 2 wrong options or configuration."
    })
public final class Main implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(Main.class);

  private static final int EXIT_FAILED = 1;
  private static final int EXIT_USAGE = 2;

  /**
   * Beyond what a stop may take by its own timeouts: then the process ends hard, which loses
   * nothing that was acknowledged.
   */
  private static final long STOP_GRACE_SECONDS = 10;

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "The configuration of this node, in YAML.")
  private Path configFile;

  @Option(
      names = "--show-config",
      description =
          "Check the configuration, print every setting and where it comes from, and exit.")
  private boolean showConfig;

  @Option(
      names = "--recover-from-archive",
      description =
          "After the loss of every node's disk: let empty shards start from what PostgreSQL and"
              + " Cassandra have of them. On a cluster that has its disks this changes nothing.")
  private boolean recoverFromArchive;

  /** The entry point of the process. */
  public static void main(String[] args) {
    JulBridge.install();
    int code = commandLine().execute(args);
    if (code != 0) {
      System.exit(code);
    }
  }

  static CommandLine commandLine() {
    return new CommandLine(new Main()).setParameterExceptionHandler((e, args) -> refused(e));
  }

  /** A misspelt option is what is wrong, also if the right one is then missing. */
  private static int refused(ParameterException problem) {
    CommandLine command = problem.getCommandLine();
    List<String> unknown = command.getUnmatchedArguments();
    ParameterException shown =
        unknown.isEmpty() ? problem : new UnmatchedArgumentException(command, unknown);
    command.getErr().println(shown.getMessage());
    UnmatchedArgumentException.printSuggestions(shown, command.getErr());
    command.getErr().println("try 'broker-server --help'");
    return EXIT_USAGE;
  }

  @Override
  public Integer call() throws InterruptedException {
    NodeConfig config;
    try {
      config = NodeConfig.load(configFile, System.getenv());
      if (showConfig) {
        NodeConfig.settings(configFile, System.getenv()).stream()
            .map(Setting::toString)
            .forEach(System.out::println);
        return 0;
      }
    } catch (ConfigException e) {
      System.err.println(e.getMessage());
      return EXIT_USAGE;
    }
    config.warnings().forEach(warning -> log.atWarn().log(warning));
    BrokerNode node;
    try {
      node = new BrokerNode(config, Version.text(), recoverFromArchive);
      node.start();
    } catch (IOException | RuntimeException e) {
      log.atError()
          .setCause(e instanceof IOException ? null : e)
          .log("cannot start: {}", e.getMessage());
      // Some parts run already, and their threads would keep the process alive.
      Runtime.getRuntime().halt(EXIT_FAILED);
      return EXIT_FAILED;
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(node, config), "stop"));
    new CountDownLatch(1).await(); // the hook ends the process
    return 0;
  }

  private static void stop(BrokerNode node, NodeConfig config) {
    Thread watchdog =
        new Thread(
            () -> {
              try {
                TimeUnit.SECONDS.sleep(
                    config.shutdown().timeout().toSeconds() + STOP_GRACE_SECONDS);
                log.atError().log("stopping takes too long; ending the process");
                Runtime.getRuntime().halt(EXIT_FAILED);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "stop-watchdog");
    watchdog.setDaemon(true);
    watchdog.start();
    int code = EXIT_FAILED;
    try {
      node.stop();
      code = 0;
    } catch (IOException | RuntimeException e) {
      log.atError().setCause(e).log("not everything could be stopped in order");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // To stop as told is no failure; Java would end with 128 and the number of the signal.
    Runtime.getRuntime().halt(code);
  }

  /** The version that the build wrote into the jar. */
  static final class Version implements IVersionProvider {
    static String text() {
      @Nullable String version = Main.class.getPackage().getImplementationVersion();
      return version == null ? "unpackaged" : version;
    }

    @Override
    public String[] getVersion() {
      return new String[] {"broker-server " + text()};
    }
  }
}
