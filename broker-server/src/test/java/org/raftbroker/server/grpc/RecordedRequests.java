package org.raftbroker.server.grpc;

import io.grpc.Status;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Remembers what it was told. */
public final class RecordedRequests implements RequestObserver {
  public final AtomicInteger published = new AtomicInteger();
  public final AtomicLong publishedBytes = new AtomicLong();
  public final AtomicInteger fetched = new AtomicInteger();
  public final List<Failed> errors = Collections.synchronizedList(new ArrayList<>());

  public record Failed(String method, Status.Code code, String reason) {}

  @Override
  public void onPublished(int messages, long bodyBytes, long nanos) {
    published.addAndGet(messages);
    publishedBytes.addAndGet(bodyBytes);
  }

  @Override
  public void onFetched(long frameBytes, long nanos) {
    fetched.incrementAndGet();
  }

  @Override
  public void onError(String method, Status.Code code, String reason) {
    errors.add(new Failed(method, code, reason));
  }
}
