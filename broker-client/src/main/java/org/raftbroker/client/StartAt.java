package org.raftbroker.client;

import java.time.Instant;
import org.raftbroker.proto.SubscribeRequest;

/** Where a subscription starts. */
public sealed interface StartAt {
  /** With the first message that is published once the subscription is in place. */
  static StartAt newMessages() {
    return new NewMessages();
  }

  /** With the earliest message that is still there. */
  static StartAt earliest() {
    return new Earliest();
  }

  /**
   * With the first message whose id is at least this.
   *
   * @param id at least 1; may be one that is not published yet
   */
  static StartAt id(long id) {
    return new Id(id);
  }

  /** With the first message accepted at or after this time. */
  static StartAt time(Instant time) {
    return new Time(time);
  }

  /** Writes itself into a request. */
  void into(SubscribeRequest.Builder request);

  /** See {@link StartAt#newMessages}. */
  record NewMessages() implements StartAt {
    @Override
    public void into(SubscribeRequest.Builder request) {
      request.clearStart();
    }
  }

  /** See {@link StartAt#earliest}. */
  record Earliest() implements StartAt {
    @Override
    public void into(SubscribeRequest.Builder request) {
      request.setFromEarliest(true);
    }
  }

  /** See {@link StartAt#id}. */
  record Id(long id) implements StartAt {
    @Override
    public void into(SubscribeRequest.Builder request) {
      request.setFromId(id);
    }
  }

  /** See {@link StartAt#time}. */
  record Time(Instant time) implements StartAt {
    @Override
    public void into(SubscribeRequest.Builder request) {
      request.setFromTimeMillis(time.toEpochMilli());
    }
  }
}
