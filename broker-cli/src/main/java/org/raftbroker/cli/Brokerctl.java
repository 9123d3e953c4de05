package org.raftbroker.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.raftbroker.bench.BenchException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command-line tool: reads the arguments, runs a command, ends with its exit code. */
@Command(
    name = "brokerctl",
    description = "Publishes, reads and looks at a RaftBroker cluster.",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = Brokerctl.Version.class,
    sortOptions = false,
    usageHelpAutoWidth = true,
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:the server refused, or a check failed",
      "2:wrong usage",
      "3:no server available, or no answer in time (safe to try again where the command says so)",
      "4:no such message, subject or member",
      "130:interrupted"
    },
    subcommands = {
      PublishCommand.class,
      SubscribeCommand.class,
      FetchCommand.class,
      BroadcastCommand.class,
      IncIdxCommand.class,
      SubjectsCommand.class,
      ClusterCommand.class,
      VerifyCommand.class,
      BenchCommand.class,
      CompletionCommand.class
    })
public final class Brokerctl {
  private static final Duration FLUSH_ON_INTERRUPT = Duration.ofMillis(500);

  /** Held, because a logger that nobody holds forgets its level. */
  private static final Logger ROOT_LOGGER = Logger.getLogger("");

  @Option(
      names = "--server",
      scope = ScopeType.INHERIT,
      split = ",",
      paramLabel = "HOST:PORT",
      defaultValue = "${env:BROKERCTL_SERVER:-127.0.0.1:9091}",
      description =
          "Node to ask; several, joined by commas: the next one when one is unavailable."
              + " Default: $$BROKERCTL_SERVER or 127.0.0.1:9091.")
  List<String> addresses;

  @Option(
      names = "--output",
      scope = ScopeType.INHERIT,
      paramLabel = "text|json",
      defaultValue = "text",
      description = "How to write results; json is one value a line. Default: text.")
  Output output;

  @Option(
      names = "--timeout",
      scope = ScopeType.INHERIT,
      paramLabel = "DURATION",
      defaultValue = "10s",
      converter = DurationConverter.class,
      description = "Longest wait for an answer, retries included. Default: 10s.")
  Duration timeout;

  @Mixin TlsOptions tls;

  final Terminal terminal;

  Brokerctl(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Ends the process with the command's exit code. */
  public static void main(String[] args) {
    // The libraries below log what is reported here anyway, in their own words and with stack
    // traces.
    ROOT_LOGGER.setLevel(Level.OFF);
    Terminal terminal = Terminal.ofProcess();
    CountDownLatch done = new CountDownLatch(1);
    Thread main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> finish(main, done, terminal)));
    int exitCode = run(terminal, args);
    done.countDown();
    System.exit(exitCode);
  }

  /** Runs one command in this process. */
  static int run(Terminal terminal, String... args) {
    int exitCode = commandLine(new Brokerctl(terminal)).execute(args);
    terminal.flush();
    return exitCode;
  }

  static CommandLine commandLine(Brokerctl root) {
    CommandLine commandLine = new CommandLine(root);
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.setOut(new PrintWriter(root.terminal.out(), true, StandardCharsets.UTF_8));
    commandLine.setErr(new PrintWriter(root.terminal.err(), true, StandardCharsets.UTF_8));
    commandLine.setParameterExceptionHandler((e, args) -> usage(root.terminal, e));
    commandLine.setExecutionExceptionHandler((e, line, result) -> failed(root.terminal, e));
    return commandLine;
  }

  Servers servers() {
    return new Servers(addresses, timeout, tls.credentials());
  }

  boolean json() {
    return output == Output.JSON;
  }

  private static int usage(Terminal terminal, ParameterException e) {
    terminal.note(
        Failure.usage(e.getMessage() + didYouMean(e)).line()
            + "\ntry '"
            + e.getCommandLine().getCommandSpec().qualifiedName()
            + " --help'");
    return ExitCode.USAGE;
  }

  private static String didYouMean(ParameterException e) {
    if (!(e instanceof UnmatchedArgumentException unmatched)) {
      return "";
    }
    // Sorted by the letters that are in them; what was meant is a few strokes away.
    String typed = unmatched.getUnmatched().get(0).replaceFirst("=.*", "");
    return unmatched.getSuggestions().stream()
        .min(Comparator.comparingInt(known -> Strokes.between(typed, known)))
        .map(nearest -> "; did you mean " + nearest + "?")
        .orElse("");
  }

  private static int failed(Terminal terminal, Exception e) throws Exception {
    terminal.flush();
    if (e instanceof InterruptedException || Thread.interrupted()) {
      return ExitCode.INTERRUPTED;
    }
    if (e instanceof Failure failure) {
      terminal.note(failure.line());
      return failure.exitCode();
    }
    if (e instanceof BenchException) {
      terminal.note("error: BENCH " + e.getMessage());
      return ExitCode.REFUSED;
    }
    throw e;
  }

  /** On Ctrl-C: lets the command end by itself for a moment, so that its output is complete. */
  private static void finish(Thread main, CountDownLatch done, Terminal terminal) {
    if (done.getCount() == 0) {
      return;
    }
    main.interrupt();
    try {
      done.await(FLUSH_ON_INTERRUPT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    terminal.flush();
  }

  /** The version that the build wrote into the manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Brokerctl.class.getPackage().getImplementationVersion();
      return new String[] {"brokerctl " + (version == null ? "(not packaged)" : version)};
    }
  }
}
