package org.raftbroker.cli;

import com.google.gson.stream.JsonWriter;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.raftbroker.client.BrokerClientException;
import org.raftbroker.client.MessageStream;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.SubscribeRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Checks a whole subject, at every server given. */
@Command(
    name = "verify",
    description = {
      "Proves that nothing of a subject is missing or altered.",
      "Reads it from the earliest message to its head, at each --server: every message names the"
          + " one before it and carries a running CRC-32C. Servers that read as far must end with"
          + " the same checksum. Expired and removed messages are told apart from"
          + " missing ones."
    })
final class VerifyCommand implements Callable<Integer> {
  /** Why a message is rightly not there. */
  private static final Set<String> GONE = Set.of("MESSAGE_EXPIRED", "MESSAGE_REMOVED");

  @ParentCommand Brokerctl parent;

  @Parameters(paramLabel = "SUBJECT", description = "What to check.")
  String subject;

  /** What was read at one server; {@code problem} is null if all is well. */
  private record Verdict(String server, Chain chain, @Nullable String problem) {}

  @Override
  public Integer call() throws InterruptedException {
    boolean good = true;
    try (Servers servers = parent.servers()) {
      Verdict reference = null;
      for (String server : servers.addresses()) {
        Verdict verdict = compare(reference, read(servers, server));
        print(verdict);
        good &= verdict.problem == null;
        reference = reference == null ? verdict : reference;
      }
    }
    return good ? ExitCode.OK : ExitCode.REFUSED;
  }

  private Verdict read(Servers servers, String server) throws InterruptedException {
    Chain chain = new Chain();
    SubscribeRequest request =
        SubscribeRequest.newBuilder()
            .setSubject(subject)
            .setFromEarliest(true)
            .setProgress(true)
            .build();
    try (MessageStream stream = MessageStream.open(servers.client().channel(server), request)) {
      stream.awaitInPlace(servers.timeout());
      while (true) {
        MessageResponse frame = stream.take();
        if (frame.hasProgress()) {
          return new Verdict(server, chain, null);
        }
        if (frame.getId() == 0) {
          continue; // a broadcast is not part of the subject
        }
        String problem = chain.add(frame, id -> gone(servers, server, id));
        if (problem != null) {
          return new Verdict(server, chain, problem);
        }
      }
    } catch (StatusRuntimeException e) {
      throw Failure.of(BrokerClientException.of(e, server));
    }
  }

  private boolean gone(Servers servers, String server, long id) {
    try {
      FetchRequest request = FetchRequest.newBuilder().setSubject(subject).setId(id).build();
      BrokerGrpc.newBlockingStub(servers.client().channel(server))
          .withDeadlineAfter(servers.timeout().toNanos(), TimeUnit.NANOSECONDS)
          .fetch(request);
      return false;
    } catch (StatusRuntimeException e) {
      BrokerClientException failure = BrokerClientException.of(e, server);
      if (failure.code() == Status.Code.NOT_FOUND) {
        return GONE.contains(failure.reason());
      }
      throw Failure.of(failure);
    }
  }

  private static Verdict compare(@Nullable Verdict reference, Verdict verdict) {
    if (reference != null
        && verdict.problem == null
        && verdict.chain.lastId() == reference.chain.lastId()
        && verdict.chain.lastChecksum() != reference.chain.lastChecksum()) {
      return new Verdict(
          verdict.server,
          verdict.chain,
          "ends with another checksum at the same id than " + reference.server);
    }
    return verdict;
  }

  private void print(Verdict verdict) {
    if (parent.json()) {
      parent.terminal.line(Json.line(json -> write(json, verdict)));
      return;
    }
    Chain chain = verdict.chain;
    String read =
        chain.messages() == 0
            ? "no messages"
            : String.format(
                Locale.ROOT,
                "%d messages, ids %d to %d, %d ids reserved, checksum %08x%s",
                chain.messages(),
                chain.firstId(),
                chain.lastId(),
                chain.reserved(),
                chain.lastChecksum(),
                chain.gaps() == 0
                    ? ""
                    : ", interrupted " + chain.gaps() + " times by expired or removed messages");
    parent.terminal.line(
        subject
            + " at "
            + verdict.server
            + ": "
            + (verdict.problem == null ? "verified; " : "BROKEN: " + verdict.problem + "; ")
            + read);
    parent.terminal.flush();
  }

  private void write(JsonWriter json, Verdict verdict) throws IOException {
    Chain chain = verdict.chain;
    json.beginObject();
    json.name("subject").value(subject);
    json.name("server").value(verdict.server);
    json.name("verified").value(verdict.problem == null);
    if (verdict.problem != null) {
      json.name("problem").value(verdict.problem);
    }
    json.name("messages").value(chain.messages());
    json.name("firstId").value(chain.firstId());
    json.name("lastId").value(chain.lastId());
    json.name("reservedIds").value(chain.reserved());
    // The name is older than removal, and scripts know it.
    json.name("gapsOfExpired").value(chain.gaps());
    json.name("checksum").value(Integer.toUnsignedLong(chain.lastChecksum()));
    json.endObject();
  }
}
