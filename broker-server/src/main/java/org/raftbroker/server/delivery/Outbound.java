package org.raftbroker.server.delivery;

import java.util.concurrent.Executor;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.StoredMessage;

/**
 * Where a subscription sends to. Apart from {@link #executor()} and {@link #client()}, every method
 * is called on that executor only.
 */
public interface Outbound {
  /** The one thread that may use the transport: its event loop. Runs tasks in order. */
  Executor executor();

  /** Where the client is, for people: an address. Any thread. */
  String client();

  /** Whether the transport takes more without buffering beyond its own small bound. */
  boolean isReady();

  /** Sends one stored message; the frame is shared, so it must not be changed. */
  void send(StoredMessage message);

  /** Sends an ephemeral message: an encoded {@code MessageResponse} with id 0. */
  void sendBroadcast(byte[] frame);

  /** Says that everything up to {@code headId} was sent. */
  void sendProgress(long headId);

  /** Ends a run of sends: what was held back to fill a larger frame goes out now. */
  void flush();

  /** Ends the stream with a refusal. Nothing is sent afterwards. */
  void end(BrokerException reason);
}
