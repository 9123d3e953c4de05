package org.raftbroker.systemtests.scale;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.raftbroker.proto.PublishBatchRequest;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.PublishResult;
import org.raftbroker.systemtests.cluster.GrowingCluster;
import org.raftbroker.systemtests.cluster.NodeClient;

/**
 * Many subjects, and publishing on them through all nodes at once. Everybody who publishes here
 * waits for acknowledgements, so that the ids that a message must get are known.
 */
public final class Subjects {
  /** Messages of one call. */
  private static final int BATCH = 1_000;

  private static final Duration CALL_DEADLINE = Duration.ofSeconds(20);
  private static final Duration GIVE_UP_AFTER = Duration.ofMinutes(2);
  private static final long PAUSE_NANOS = Duration.ofMillis(200).toNanos();
  private static final int BODY_BYTES = 100;
  private static final ByteString FILLING = ByteString.copyFrom(new byte[BODY_BYTES - 8]);

  private final GrowingCluster cluster;

  public Subjects(GrowingCluster cluster) {
    this.cluster = cluster;
  }

  /** The name of a subject. */
  public static String name(int subject) {
    return "scale.s" + subject;
  }

  /** The body of the message that must get an id. */
  static ByteString body(long id) {
    return ByteString.copyFromUtf8("%08d".formatted(id)).concat(FILLING);
  }

  /**
   * Publishes the message that must get {@code id} on each of these subjects.
   *
   * @return what went wrong, one line for each message
   */
  public List<String> publish(List<Integer> subjects, long id) throws InterruptedException {
    AtomicInteger nextBatch = new AtomicInteger();
    int batches = (subjects.size() + BATCH - 1) / BATCH;
    ExecutorService threads = Executors.newFixedThreadPool(cluster.size());
    try {
      List<Future<List<String>>> all = new ArrayList<>();
      for (int n = 1; n <= cluster.size(); n++) {
        NodeClient node = cluster.client(n);
        all.add(
            threads.submit(
                () -> {
                  List<String> wrong = new ArrayList<>();
                  for (int i = nextBatch.getAndIncrement();
                      i < batches;
                      i = nextBatch.getAndIncrement()) {
                    int end = Math.min(subjects.size(), (i + 1) * BATCH);
                    wrong.addAll(publishBatch(node, subjects.subList(i * BATCH, end), id));
                  }
                  return wrong;
                }));
      }
      List<String> wrong = new ArrayList<>();
      for (Future<List<String>> one : all) {
        wrong.addAll(one.get());
      }
      return wrong;
    } catch (ExecutionException e) {
      throw new IllegalStateException("publishing failed", e.getCause());
    } finally {
      threads.shutdownNow();
    }
  }

  /** Tries until all are acknowledged, or it takes too long. */
  private static List<String> publishBatch(NodeClient node, List<Integer> subjects, long id) {
    long giveUp = System.nanoTime() + GIVE_UP_AFTER.toNanos();
    List<Integer> left = subjects;
    List<String> wrong = new ArrayList<>();
    while (true) {
      List<Integer> again = new ArrayList<>();
      String why = "";
      try {
        List<PublishResult> results =
            node.broker(CALL_DEADLINE).publishBatch(request(left, id)).getResultsList();
        for (int i = 0; i < left.size(); i++) {
          PublishResult result = results.get(i);
          if (result.hasError()) {
            again.add(left.get(i));
            why = result.getError().getMessage();
          } else if (result.getId() != id) {
            wrong.add(name(left.get(i)) + ": message " + id + " got the id " + result.getId());
          }
        }
      } catch (StatusRuntimeException e) {
        again = left; // its key makes each message happen once, however often it is tried
        why = e.getStatus().toString();
      }
      if (again.isEmpty()) {
        return wrong;
      }
      if (System.nanoTime() - giveUp > 0) {
        for (int subject : again) {
          wrong.add(name(subject) + ": message " + id + " not acknowledged: " + why);
        }
        return wrong;
      }
      left = again;
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private static PublishBatchRequest request(List<Integer> subjects, long id) {
    PublishBatchRequest.Builder batch = PublishBatchRequest.newBuilder();
    for (int subject : subjects) {
      batch.addMessages(
          PublishRequest.newBuilder()
              .setSubject(name(subject))
              .setBody(body(id))
              .setIdempotencyKey("m" + id));
    }
    return batch.build();
  }
}
