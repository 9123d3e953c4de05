package org.raftbroker.cli;

import com.google.protobuf.ByteString;
import java.util.Map;
import java.util.concurrent.Callable;
import org.raftbroker.proto.BroadcastResponse;
import org.raftbroker.proto.PublishRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Sends an ephemeral message. */
@Command(
    name = "broadcast",
    description = {
      "Delivers a message to current subscribers only.",
      "At most once; nothing is stored. Prints how many subscribers were reached."
    })
final class BroadcastCommand implements Callable<Integer> {
  @ParentCommand Brokerctl parent;

  @Parameters(index = "0", paramLabel = "SUBJECT", description = "Whose subscribers to reach.")
  String subject;

  @Parameters(index = "1", paramLabel = "BODY", description = "The body, as UTF-8.")
  String body;

  @Option(
      names = "--header",
      paramLabel = "KEY=VALUE",
      description = "Delivered with the message; may be given several times.")
  Map<String, String> headers = Map.of();

  @Override
  public Integer call() throws InterruptedException {
    try (Servers servers = parent.servers()) {
      PublishRequest request =
          PublishRequest.newBuilder()
              .setSubject(subject)
              .setBody(ByteString.copyFromUtf8(body))
              .putAllHeaders(headers)
              .build();
      print(Servers.answer(servers.client().broadcast(request)));
      return ExitCode.OK;
    }
  }

  private void print(BroadcastResponse answer) {
    if (parent.json()) {
      parent.terminal.line(
          Json.line(
              json ->
                  json.beginObject()
                      .name("reached")
                      .value(answer.getReached())
                      .name("unreachableNodes")
                      .value(answer.getUnreachableNodes())
                      .endObject()));
      return;
    }
    parent.terminal.line(Integer.toString(answer.getReached()));
    if (answer.getUnreachableNodes() > 0) {
      parent.terminal.note(
          "warning: "
              + answer.getUnreachableNodes()
              + " nodes could not be asked; their subscribers did not get it");
    }
  }
}
