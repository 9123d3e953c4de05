package org.raftbroker.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.raftbroker.bench.BenchResult;
import org.raftbroker.bench.PublishMode;
import org.raftbroker.bench.Suite;
import org.raftbroker.bench.Workloads;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Measures a cluster; the work is done by broker-bench. */
@Command(
    name = "bench",
    description = {
      "Measures a cluster.",
      "Works on fresh subjects, spread over all --server, and checks what it measures: exit code 1"
          + " if ids or order do not hold.",
      "Progress goes to standard error, the result to standard output."
    },
    subcommands = {
      BenchCommand.Publish.class,
      BenchCommand.Fetch.class,
      BenchCommand.Subscribe.class,
      BenchCommand.Fanout.class,
      BenchCommand.All.class
    })
final class BenchCommand implements Runnable {
  @ParentCommand Brokerctl parent;

  @Spec CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(new CommandLine(spec), "bench needs a workload");
  }

  private Workloads workloads(BenchOptions options) {
    return new Workloads(options.settings(parent), parent.terminal.err(), () -> {});
  }

  private int show(BenchResult result) {
    if (parent.json()) {
      parent.terminal.line(result.json());
    } else {
      parent.terminal.out().print(result.text());
    }
    return result.verified() ? ExitCode.OK : ExitCode.REFUSED;
  }

  @Command(name = "publish", description = "Publishes as fast as it is acknowledged.")
  static final class Publish implements Callable<Integer> {
    @ParentCommand BenchCommand bench;
    @Mixin BenchOptions options;

    @Option(
        names = "--outstanding",
        paramLabel = "N",
        defaultValue = "512",
        description = "Messages sent and unanswered, over all connections. Default: 512.")
    int outstanding;

    @Option(
        names = "--mode",
        paramLabel = "unary|stream|batch",
        defaultValue = "unary",
        description = "Publish, PublishStream or PublishBatch. Default: unary.")
    PublishMode mode;

    @Option(
        names = "--frame",
        paramLabel = "N",
        defaultValue = "1",
        description = "Messages in each frame of a stream, or in each batch. Default: 1.")
    int frame;

    @Override
    public Integer call() {
      return bench.show(bench.workloads(options).publish(mode, outstanding, frame));
    }
  }

  @Command(name = "fetch", description = "Fetches stored messages by random ids.")
  static final class Fetch implements Callable<Integer> {
    @ParentCommand BenchCommand bench;
    @Mixin BenchOptions options;

    @Option(
        names = "--outstanding",
        paramLabel = "N",
        defaultValue = "64",
        description = "Fetches sent and unanswered, over all connections. Default: 64.")
    int outstanding;

    @Option(
        names = "--messages",
        paramLabel = "N",
        defaultValue = "100000",
        description = "How many to publish first. Default: 100000.")
    int messages;

    @Override
    public Integer call() {
      return bench.show(bench.workloads(options).fetch(outstanding, messages));
    }
  }

  @Command(name = "subscribe", description = "Reads whole subjects from the earliest message.")
  static final class Subscribe implements Callable<Integer> {
    @ParentCommand BenchCommand bench;
    @Mixin BenchOptions options;

    @Option(
        names = "--subscribers",
        paramLabel = "N",
        defaultValue = "1",
        description = "Readers at a time. Default: 1.")
    int subscribers;

    @Option(
        names = "--messages",
        paramLabel = "N",
        defaultValue = "500000",
        description = "How many to publish first. Default: 500000.")
    int messages;

    @Option(names = "--batches", description = "Use SubscribeBatches: many messages a frame.")
    boolean batches;

    @Override
    public Integer call() {
      return bench.show(bench.workloads(options).subscribe(subscribers, messages, batches));
    }
  }

  @Command(
      name = "fanout",
      description = "Publishes to many subscribers; a message counts when all of them have it.")
  static final class Fanout implements Callable<Integer> {
    @ParentCommand BenchCommand bench;
    @Mixin BenchOptions options;

    @Option(
        names = "--subscribers",
        paramLabel = "N",
        defaultValue = "100",
        description = "Subscribers, spread over all connections. Default: 100.")
    int subscribers;

    @Option(
        names = "--publishers",
        paramLabel = "N",
        defaultValue = "1",
        description = "Publishers, each with a stream. Default: 1.")
    int publishers;

    @Option(
        names = "--outstanding",
        paramLabel = "N",
        defaultValue = "256",
        description =
            "Messages published and not yet with every subscriber, over all publishers."
                + " Default: 256.")
    int outstanding;

    @Override
    public Integer call() {
      return bench.show(bench.workloads(options).fanout(subscribers, publishers, outstanding));
    }
  }

  @Command(
      name = "all",
      description = "Measures all the project's goals and prints a Markdown table.")
  static final class All implements Callable<Integer> {
    @ParentCommand BenchCommand bench;
    @Mixin BenchOptions options;

    @Option(
        names = "--pids",
        split = ",",
        paramLabel = "PID",
        description = "The nodes' processes on this machine: also measures memory and idle use.")
    List<Long> pids = List.of();

    @Override
    public Integer call() {
      Brokerctl brokerctl = bench.parent;
      Suite suite = new Suite(options.settings(brokerctl), pids, brokerctl.terminal.err());
      suite.run();
      if (brokerctl.json()) {
        brokerctl.terminal.line(suite.json());
      } else {
        brokerctl.terminal.out().print(suite.markdown());
      }
      return suite.verified() ? ExitCode.OK : ExitCode.REFUSED;
    }
  }
}
