package org.raftbroker.server.metrics;

import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.raftbroker.message.Reason;

/**
 * {@code broker_errors_total}. Its labels are bounded whatever clients send: a method that no
 * service has, or a reason that is none of ours, is counted as {@code other}. Any thread.
 */
final class ErrorCounters {
  private static final String OTHER = "other";
  private static final int CODES = Status.Code.values().length;

  private final MeterRegistry registry;
  private final Map<String, Integer> methods = new HashMap<>();
  private final Map<String, Integer> reasons = new HashMap<>();

  /** By method, code and reason; one is made when its first error is counted. */
  private final AtomicReferenceArray<Counter> counters;

  private final LongAdder all = new LongAdder();

  ErrorCounters(MeterRegistry registry, List<ServiceDescriptor> services) {
    this.registry = registry;
    methods.put(OTHER, 0);
    services.stream()
        .flatMap(service -> service.getMethods().stream())
        .forEach(method -> methods.putIfAbsent(method.getBareMethodName(), methods.size()));
    reasons.put(OTHER, 0);
    reasons.put("", 1);
    for (Reason reason : Reason.values()) {
      reasons.put(reason.name(), reasons.size());
    }
    counters = new AtomicReferenceArray<>(methods.size() * CODES * reasons.size());
  }

  void count(String method, Status.Code code, String reason) {
    int methodAt = methods.getOrDefault(method, 0);
    int reasonAt = reasons.getOrDefault(reason, 0);
    int at = (methodAt * CODES + code.value()) * reasons.size() + reasonAt;
    Counter counter = counters.get(at);
    if (counter == null) {
      // The registry gives the same counter to whoever else makes it at this moment.
      counter =
          Counter.builder("broker.errors")
              .description(
                  "Calls, or messages of a batch or stream, that were answered with an error")
              .tag("method", methodAt == 0 ? OTHER : method)
              .tag("code", code.name())
              .tag("reason", reasonAt == 0 ? OTHER : reason)
              .register(registry);
      counters.set(at, counter);
    }
    counter.increment();
    all.increment();
  }

  /** Of every method, code and reason. */
  long total() {
    return all.sum();
  }
}
