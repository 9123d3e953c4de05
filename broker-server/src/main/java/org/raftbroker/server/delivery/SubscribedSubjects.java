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
  private final Map<Subject, SubscribedSubject> bySubject = new ConcurrentHashMap<>();

  SubscribedSubjects(Shards shards, TailMemory memory, Followers followers) {
    this.shards = shards;
    this.memory = memory;
    this.followers = followers;
  }

  /** From when this returns, everything applied on the subject comes to its tail. */
  SubscribedSubject join(Subject subject) {
    return bySubject.compute(
        subject,
        (name, there) -> {
          SubscribedSubject subscribed =
              there == null
                  ? new SubscribedSubject(
                      name, shards.of(name), new SubjectTail(memory), this, followers)
                  : there;
          subscribed.members++;
          return subscribed;
        });
  }

  /** Undoes one {@link #join}. */
  void leave(SubscribedSubject subscribed) {
    bySubject.compute(
        subscribed.subject(),
        (name, there) -> {
          if (there != subscribed) {
            throw new IllegalStateException("a subscription of " + name + " left twice");
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
