package org.raftbroker.server.peer;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.raftbroker.message.MessageFrame;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.server.delivery.Delivery;

/**
 * Takes ephemeral messages to the current subscriptions of every node: those of this one directly,
 * those of each other that has subscribers of the subject, or might have, in one hop. Any thread;
 * nothing blocks.
 */
public final class PeerBroadcast {
  private static final int UNREACHABLE = -1;

  private final Delivery delivery;
  private final PeerConnections peers;
  private final InterestTable interests;

  /**
   * How far a broadcast came.
   *
   * @param subscriptions to how many it was handed, over all nodes that answered
   * @param unreachableNodes how many nodes that may have subscriptions did not answer in time
   */
  public record Reach(int subscriptions, int unreachableNodes) {}

  /**
   * @param interests says which peers need not be asked
   */
  public PeerBroadcast(Delivery delivery, PeerConnections peers, InterestTable interests) {
    this.delivery = delivery;
    this.peers = peers;
    this.interests = interests;
  }

  /**
   * Completes when every node that was asked has answered or its time is up; never fails because of
   * one.
   */
  public CompletableFuture<Reach> broadcast(NewMessage message) {
    PublishRequest hop =
        PublishRequest.newBuilder()
            .setSubject(message.subject().name())
            .setBody(message.body())
            .setExpirationSeconds(message.expirationSeconds())
            .putAllHeaders(message.headers())
            .build();
    List<CompletableFuture<Integer>> answers = new ArrayList<>();
    for (String peer : peers.peers()) {
      if (interests.mayHave(peer, message.subject())) {
        answers.add(peers.deliver(peer, hop).exceptionally(unreachable -> UNREACHABLE));
      }
    }
    int here = deliver(message);
    return CompletableFuture.allOf(answers.toArray(new CompletableFuture<?>[0]))
        .thenApply(done -> sum(here, answers));
  }

  /**
   * The receiving end of the hop: delivers to this node's subscriptions only.
   *
   * @return how many there were
   */
  int deliverHere(PublishRequest hop) {
    return deliver(
        new NewMessage(
            new Subject(hop.getSubject()),
            hop.getBody(),
            hop.getExpirationSeconds(),
            Map.copyOf(hop.getHeadersMap()),
            null));
  }

  private int deliver(NewMessage message) {
    long nowMillis = System.currentTimeMillis();
    long expiresAtMillis =
        message.expirationSeconds() == 0 ? 0 : nowMillis + message.expirationSeconds() * 1000L;
    return delivery.broadcast(
        message.subject(), MessageFrame.encode(message, 0, nowMillis, expiresAtMillis, 0, 0));
  }

  private static Reach sum(int here, List<CompletableFuture<Integer>> answers) {
    int reached = here;
    int unreachable = 0;
    for (CompletableFuture<Integer> answer : answers) {
      int there = answer.join();
      if (there == UNREACHABLE) {
        unreachable++;
      } else {
        reached += there;
      }
    }
    return new Reach(reached, unreachable);
  }
}
