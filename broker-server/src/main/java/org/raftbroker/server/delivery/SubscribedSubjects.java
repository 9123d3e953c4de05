package org.raftbroker.server.delivery;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.Shards;

/**
 * The subjects that have subscriptions on this node: one comes with its first and goes with its
 * last. Any thread.
 */
final class SubscribedSubjects {
  private final Shards shards;
  private final TailMemory memory;
  private final Followers followers;
  private final Interests interests;
  private final Map<Subject, SubscribedSubject> bySubject = new ConcurrentHashMap<>();

  SubscribedSubjects(Shards shards, TailMemory memory, Followers followers, Interests interests) {
    this.shards = shards;
    this.memory = memory;
    this.followers = followers;
    this.interests = interests;
  }

  /** From when this returns, everything applied on the subject comes to its tail. */
  SubscribedSubject join(Subject subject, CursorSubscription.For whom) {
    return bySubject.compute(
        subject,
        (name, there) -> {
          SubscribedSubject subscribed =
              there == null
                  ? new SubscribedSubject(
                      name, shards.of(name), new SubjectTail(memory), this, followers)
                  : there;
          subscribed.members++;
          if (whom != CursorSubscription.For.NODE && ++subscribed.clients == 1) {
            subscribed.knownToPeers = interests.add(name);
          }
          return subscribed;
        });
  }

  /** Undoes one {@link #join}. */
  void leave(SubscribedSubject subscribed, CursorSubscription.For whom) {
    bySubject.compute(
        subscribed.subject(),
        (name, there) -> {
          if (there != subscribed) {
            throw new IllegalStateException("a subscription of " + name + " left twice");
          }
          if (whom != CursorSubscription.For.NODE && --subscribed.clients == 0) {
            interests.remove(name);
          }
          if (--subscribed.members > 0) {
            return subscribed;
          }
          subscribed.close();
          return null;
        });
  }

  @Nullable SubscribedSubject get(Subject subject) {
    return bySubject.get(subject);
  }

  Collection<SubscribedSubject> all() {
    return bySubject.values();
  }

  boolean isEmpty() {
    return bySubject.isEmpty();
  }
}
