package org.raftbroker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.ByteString;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.admin.PurgeSubjectRequest;

class VerifyCommandTest {
  private MemoryStore store;
  private MemoryBroker broker;

  @BeforeEach
  void start() throws IOException {
    store = new MemoryStore();
    broker = new MemoryBroker(store);
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  @Test
  void wholeSubjectIsVerified() {
    publish(3);
    store.reserve("orders", 5);
    publish(2);

    Ctl run = verify();

    assertThat(run.exitCode()).isZero();
    assertThat(run.out())
        .isEqualTo(
            String.format(
                "orders at %s: verified; 5 messages, ids 1 to 10, 5 ids reserved, checksum"
                    + " %08x%n",
                broker.address(), store.fetch("orders", 10).getChecksum()));
  }

  @Test
  void emptySubjectIsVerified() {
    assertThat(verify().out()).endsWith(": verified; no messages\n");
  }

  @Test
  void expiredMessagesAreNoGap() {
    publish(6);
    store.expire("orders", 1);
    store.expire("orders", 3);
    store.expire("orders", 4);

    Ctl run = verify();

    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).contains("3 messages, ids 2 to 6").contains("interrupted 2 times");
  }

  @Test
  void removedMessagesAreNoGap() {
    publish(6);
    store
        .subjects()
        .purge(PurgeSubjectRequest.newBuilder().setSubject("orders").setUpToId(4).build());

    Ctl run = verify();

    assertThat(run.exitCode()).isZero();
    assertThat(run.out())
        .contains("2 messages, ids 5 to 6")
        .contains("interrupted 1 times by expired or removed messages");
  }

  @Test
  void lostMessageIsFound() {
    publish(4);
    store.lose("orders", 3);

    Ctl run = verify();

    assertThat(run.exitCode()).isEqualTo(ExitCode.REFUSED);
    assertThat(run.out())
        .contains("BROKEN: id 3 is missing before id 4, neither expired nor removed");
  }

  @Test
  void alteredBodyIsFound() {
    publish(4);
    store.replace(
        "orders",
        2,
        store.fetch("orders", 2).toBuilder().setBody(ByteString.copyFromUtf8("altered")).build());

    Ctl run = verify("--output", "json");

    assertThat(run.exitCode()).isEqualTo(ExitCode.REFUSED);
    JsonObject json = JsonParser.parseString(run.out()).getAsJsonObject();
    assertThat(json.get("verified").getAsBoolean()).isFalse();
    assertThat(json.get("problem").getAsString()).startsWith("id 2 or a message before it was");
    assertThat(json.get("messages").getAsLong()).isEqualTo(1);
  }

  @Test
  void nodesThatDifferAreFound() throws Exception {
    publish(1);
    MemoryStore forked = new MemoryStore();
    forked.publish(PublishRequest.newBuilder().setSubject("orders").build());
    try (MemoryBroker other = new MemoryBroker(forked)) {
      Ctl run = Ctl.run("--server", broker.address() + "," + other.address(), "verify", "orders");

      assertThat(run.exitCode()).isEqualTo(ExitCode.REFUSED);
      assertThat(run.lines().get(0)).contains("verified");
      assertThat(run.lines().get(1))
          .contains("BROKEN: ends with another checksum at the same id than " + broker.address());
    }
  }

  private Ctl verify(String... more) {
    String[] args = new String[more.length + 4];
    args[0] = "--server";
    args[1] = broker.address();
    args[2] = "verify";
    args[3] = "orders";
    System.arraycopy(more, 0, args, 4, more.length);
    return Ctl.run(args);
  }

  private void publish(int count) {
    for (int i = 0; i < count; i++) {
      store.publish(
          PublishRequest.newBuilder()
              .setSubject("orders")
              .setBody(ByteString.copyFromUtf8("body " + i))
              .build());
    }
  }
}
