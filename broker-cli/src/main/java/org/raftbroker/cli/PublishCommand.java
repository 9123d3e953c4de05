package org.raftbroker.cli;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.PublishRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Publishes one message, or one for each line of standard input. */
@Command(
    name = "publish",
    description = {
      "Publishes a message and prints its id.",
      "The id is printed once a majority of the replicas have the message on disk.",
      "With - as BODY: one message for each line of standard input, in order; ids are printed one"
          + " a line, in the same order."
    })
final class PublishCommand implements Callable<Integer> {
  @ParentCommand Brokerctl parent;

  @Parameters(index = "0", paramLabel = "SUBJECT", description = "Where to publish.")
  String subject;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "BODY",
      description = "The body, as UTF-8; - reads lines from standard input.")
  @Nullable String body;

  @Option(
      names = "--file",
      paramLabel = "FILE",
      description = "Publish the bytes of a file as one message, instead of BODY.")
  @Nullable Path file;

  @Option(
      names = "--expires",
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      description = "How long the message stays readable, such as 30s or 7d. Default: for ever.")
  @Nullable Duration expires;

  @Option(
      names = "--header",
      paramLabel = "KEY=VALUE",
      description = "Delivered with the message; may be given several times.")
  Map<String, String> headers = Map.of();

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description = {
        "Idempotency key: a repeat with the same key answers the first one's id. Default: a fresh"
            + " one, so that retries within --timeout publish once.",
        "With -, line N gets KEY-N: the whole command can be repeated after a failure, and lines"
            + " that were published are not published again. Without it, a broken connection ends"
            + " the command."
      })
  @Nullable String key;

  @Override
  public Integer call() throws InterruptedException, IOException {
    if ((body == null) == (file == null)) {
      throw Failure.usage("give either BODY or --file");
    }
    try (Servers servers = parent.servers()) {
      if ("-".equals(body)) {
        return new LinePublisher(servers, parent.terminal, parent.json(), template(), key).run();
      }
      return publishOne(servers);
    }
  }

  private int publishOne(Servers servers) throws InterruptedException {
    PublishRequest request =
        template()
            .setBody(file == null ? ByteString.copyFromUtf8(String.valueOf(body)) : read(file))
            .setIdempotencyKey(key == null ? "" : key)
            .build();
    long id = Servers.answer(servers.patient().publish(request));
    parent.terminal.line(parent.json() ? Json.id(subject, id) : Long.toString(id));
    return ExitCode.OK;
  }

  private PublishRequest.Builder template() {
    PublishRequest.Builder template =
        PublishRequest.newBuilder().setSubject(subject).putAllHeaders(headers);
    if (expires != null) {
      long seconds = expires.toSeconds();
      if (seconds < 1 || seconds > Integer.MAX_VALUE) {
        throw Failure.usage("--expires must be 1s to " + Integer.MAX_VALUE + "s");
      }
      template.setExpirationSeconds((int) seconds);
    }
    return template;
  }

  private static ByteString read(Path file) {
    try {
      return ByteString.copyFrom(Files.readAllBytes(file));
    } catch (IOException e) {
      throw Failure.usage("cannot read " + file + ": " + e.getMessage() + " (--file)");
    }
  }
}
