package org.raftbroker.server.membership.serf;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.msgpack.core.MessageInsufficientBufferException;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessagePacker;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.Value;
import org.raftbroker.server.membership.Address;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to a Serf agent's RPC, as <a
 * href="https://github.com/hashicorp/serf/blob/master/docs/agent/rpc.html.markdown">its
 * documentation</a> has it: MessagePack maps, a header and often a body. Any thread may send; one
 * thread reads.
 */
final class SerfConnection implements AutoCloseable {
  /** The only version that there is. */
  private static final int VERSION = 1;

  private static final Logger log = LoggerFactory.getLogger(SerfConnection.class);

  private final Socket socket;
  private final MessagePacker out;
  private final MessageUnpacker in;
  private final Map<Long, Expected> expectedBySequence = new ConcurrentHashMap<>();
  private final Map<Long, CompletableFuture<Void>> doneBySequence = new ConcurrentHashMap<>();
  // Guarded by this.
  private long sequence;

  private enum Expected {
    HEADER,
    BODY,
    /** A header first, and from then on events. */
    STREAM,
    EVENT
  }

  private SerfConnection(Socket socket) throws IOException {
    this.socket = socket;
    this.out = MessagePack.newDefaultPacker(socket.getOutputStream());
    this.in = MessagePack.newDefaultUnpacker(socket.getInputStream());
  }

  /**
   * Connects and shakes hands.
   *
   * @param authKey empty: none
   * @throws IOException if the agent is not there, or refuses
   */
  static SerfConnection open(Address agent, String authKey, Duration timeout) throws IOException {
    Socket socket = new Socket();
    try {
      int millis = Math.toIntExact(timeout.toMillis());
      socket.connect(new InetSocketAddress(agent.host(), agent.port()), millis);
      socket.setTcpNoDelay(true);
      socket.setKeepAlive(true);
      socket.setSoTimeout(millis);
      SerfConnection connection = new SerfConnection(socket);
      var unused = connection.send("handshake", Map.of("Version", VERSION), Expected.HEADER);
      connection.read();
      if (!authKey.isEmpty()) {
        unused = connection.send("auth", Map.of("AuthKey", authKey), Expected.HEADER);
        connection.read();
      }
      // From now on the agent is silent until something happens.
      socket.setSoTimeout(0);
      return connection;
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Adds or changes tags of the agent, and removes others.
   *
   * @return completes when the agent has done it; somebody has to {@link #read}
   */
  CompletableFuture<Void> setTags(Map<String, String> tags, List<String> removed)
      throws IOException {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("Tags", tags);
    body.put("DeleteTags", removed);
    return send("tags", body, Expected.HEADER);
  }

  /** Asks for events from now on. */
  void stream(String types) throws IOException {
    var unused = send("stream", Map.of("Type", types), Expected.STREAM);
  }

  /** Asks for all members. */
  void askForMembers() throws IOException {
    var unused = send("members", Map.of(), Expected.BODY);
  }

  private synchronized CompletableFuture<Void> send(
      String command, Map<String, ?> body, Expected expected) throws IOException {
    long number = sequence++;
    CompletableFuture<Void> done = new CompletableFuture<>();
    expectedBySequence.put(number, expected);
    doneBySequence.put(number, done);
    out.packMapHeader(2).packString("Command").packString(command);
    out.packString("Seq").packLong(number);
    if (!body.isEmpty()) {
      pack(body);
    }
    out.flush();
    return done;
  }

  private void pack(Object value) throws IOException {
    if (value instanceof Map<?, ?> map) {
      out.packMapHeader(map.size());
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        pack(entry.getKey());
        pack(entry.getValue());
      }
    } else if (value instanceof List<?> list) {
      out.packArrayHeader(list.size());
      for (Object item : list) {
        pack(item);
      }
    } else if (value instanceof Integer number) {
      out.packInt(number);
    } else {
      out.packString((String) value);
    }
  }

  /**
   * Waits for what the agent sends next.
   *
   * @return the body of an answer or of an event; null if there is none
   * @throws IOException if the connection is gone, or if the agent refused a command
   */
  @Nullable Map<Value, Value> read() throws IOException {
    try {
      Map<Value, Value> header = in.unpackValue().asMapValue().map();
      long number = -1;
      String error = "";
      for (Map.Entry<Value, Value> field : header.entrySet()) {
        switch (field.getKey().asStringValue().asString()) {
          case "Seq" -> number = field.getValue().asIntegerValue().asLong();
          case "Error" -> error = field.getValue().asStringValue().asString();
          default -> {} // of a version unlike this
        }
      }
      if (!error.isEmpty()) {
        throw new IOException("the Serf agent refused: " + error);
      }
      boolean hasBody = isBodyNext(number);
      CompletableFuture<Void> done = doneBySequence.remove(number);
      if (done != null) {
        done.complete(null);
      }
      return hasBody ? in.unpackValue().asMapValue().map() : null;
    } catch (MessageInsufficientBufferException e) {
      throw new IOException("the Serf agent closed the connection", e);
    } catch (MessagePackException e) {
      throw new IOException("the Serf agent sent what cannot be understood", e);
    }
  }

  private boolean isBodyNext(long number) throws IOException {
    Expected expected = expectedBySequence.get(number);
    if (expected == null) {
      throw new IOException("the Serf agent answered command " + number + ", which nobody sent");
    }
    return switch (expected) {
      case HEADER -> {
        expectedBySequence.remove(number);
        yield false;
      }
      case BODY -> {
        expectedBySequence.remove(number);
        yield true;
      }
      case STREAM -> {
        expectedBySequence.put(number, Expected.EVENT);
        yield false;
      }
      case EVENT -> true;
    };
  }

  /** What waits for the agent fails. */
  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      // The other side's end is enough: this one is not used any more.
      log.atDebug().setCause(e).log("closing the connection to the Serf agent failed");
    }
    IOException closed = new IOException("the connection to the Serf agent is closed");
    doneBySequence.values().forEach(done -> done.completeExceptionally(closed));
  }
}
