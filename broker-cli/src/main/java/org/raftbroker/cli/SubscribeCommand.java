package org.raftbroker.cli;

import java.time.Duration;
import java.util.concurrent.Callable;
import org.raftbroker.client.BrokerClientException;
import org.raftbroker.client.StartAt;
import org.raftbroker.client.Subscription;
import org.raftbroker.client.SubscriptionListener;
import org.raftbroker.client.SubscriptionOptions;
import org.raftbroker.proto.MessageResponse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Prints messages as they come. */
@Command(
    name = "subscribe",
    description = {
      "Prints the messages of a subject, in order.",
      "Until --count or Ctrl-C. When the node goes away, goes on at the next --server from the id"
          + " after the last one."
    })
final class SubscribeCommand implements Callable<Integer> {
  @ParentCommand Brokerctl parent;

  @Parameters(paramLabel = "SUBJECT", description = "What to subscribe to.")
  String subject;

  @Option(
      names = "--from",
      paramLabel = "START",
      defaultValue = "new",
      converter = StartAtConverter.class,
      description =
          "new; earliest; an id (42, id:42); a time (2026-01-31T12:00:00Z, 2026-01-31,"
              + " milliseconds since 1970 as @1769860800000); a time ago (10m). Default: new.")
  StartAt from;

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "0",
      description = "End after N messages. Default: never.")
  long count;

  @Option(
      names = "--progress",
      description = "Also show up to which id everything was delivered, at least every 10 s.")
  boolean progress;

  @Option(
      names = "--with-ids",
      description = "In text, print the id and a tab before each body (0: a broadcast).")
  boolean withIds;

  @Option(names = "--raw", description = "In text, write the bodies' bytes without line ends.")
  boolean raw;

  @Option(names = "--no-reconnect", description = "End when the connection breaks.")
  boolean noReconnect;

  @Option(
      names = "--reconnect-for",
      paramLabel = "DURATION",
      defaultValue = "60s",
      converter = DurationConverter.class,
      description = "How long to look for a server after a break. Default: 60s.")
  Duration reconnectFor;

  @Option(
      names = {"-q", "--quiet"},
      description = "No notes on standard error about the connection.")
  boolean quiet;

  @Override
  public Integer call() throws InterruptedException {
    Terminal terminal = parent.terminal;
    SubscriptionOptions options =
        SubscriptionOptions.of(subject)
            .startingAt(from)
            // Always: when one comes, nothing more is at hand, and what is written is flushed.
            .withProgress()
            .resumingFor(noReconnect ? Duration.ZERO : reconnectFor)
            .listenedToBy(new Notes());
    try (Servers servers = parent.servers();
        Subscription subscription = servers.client().subscribe(options)) {
      MessagePrinter printer = new MessagePrinter(terminal, parent.output, raw, withIds);
      long printed = 0;
      while (count == 0 || printed < count) {
        // Nothing more at hand: what is written so far must not wait for the next message.
        if (!subscription.ready() && !terminal.flush()) {
          return ExitCode.OK;
        }
        MessageResponse frame = subscription.next();
        if (frame.hasProgress()) {
          showProgress(frame.getProgress().getHeadId());
        } else {
          printer.print(frame);
          printed++;
        }
      }
      return ExitCode.OK;
    } catch (BrokerClientException e) {
      throw Failure.of(e);
    }
  }

  private void showProgress(long headId) {
    if (!progress) {
      return;
    }
    if (parent.json()) {
      parent.terminal.line(
          Json.line(
              json ->
                  json.beginObject()
                      .name("progress")
                      .beginObject()
                      .name("headId")
                      .value(headId)
                      .endObject()
                      .endObject()));
    } else {
      // Text output is bodies only.
      parent.terminal.note("progress: everything up to id " + headId + " was delivered");
    }
  }

  /** Tells what happens to the connection. */
  private final class Notes implements SubscriptionListener {
    @Override
    public void opened(String node) {
      note("subscribed to " + subject + " at " + node);
    }

    @Override
    public void lost(String node, BrokerClientException why) {
      note("lost " + node + ": " + Failure.of(why).text());
    }

    @Override
    public void resumed(String node, long fromId) {
      note("resumed at " + node + " " + position(fromId));
    }

    private String position(long fromId) {
      if (fromId > 0) {
        return "from id " + fromId;
      }
      return from instanceof StartAt.NewMessages
          ? "from new messages on; the break came before the first message or progress, so messages"
              + " published meanwhile may be missed"
          : "from the same start";
    }

    private void note(String line) {
      if (!quiet) {
        parent.terminal.note(line);
      }
    }
  }
}
