package org.raftbroker.server.tracing;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.MessageFrame;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.Reason;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.server.delivery.Outbound;
import org.raftbroker.server.grpc.MessageTracer;
import org.raftbroker.storage.Outcome;

/**
 * Makes spans of the messages whose headers have a sampled trace context ({@code traceparent}, <a
 * href="https://www.w3.org/TR/trace-context/">W3C</a>), and sends them to a collector. It begins no
 * trace of its own: which messages are followed is up to who publishes them. All spans of a message
 * are children of the one in its headers, which stay as they are.
 *
 * <p>Making a span never waits: it is queued, and dropped if the queue is full. Any thread.
 */
public final class Tracing implements MessageTracer, AutoCloseable {
  private static final String CONTEXT_HEADER = "traceparent";
  private static final Duration SEND_EVERY = Duration.ofSeconds(1);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

  private static final AttributeKey<String> SYSTEM = AttributeKey.stringKey("messaging.system");
  private static final AttributeKey<String> SUBJECT =
      AttributeKey.stringKey("messaging.destination.name");
  private static final AttributeKey<String> MESSAGE_ID =
      AttributeKey.stringKey("messaging.message.id");
  private static final AttributeKey<Long> BODY_BYTES =
      AttributeKey.longKey("messaging.message.body.size");
  private static final AttributeKey<String> CLIENT = AttributeKey.stringKey("client.address");
  private static final AttributeKey<Long> SHARD = AttributeKey.longKey("raftbroker.shard");
  private static final AttributeKey<Long> DELAY_MILLIS =
      AttributeKey.longKey("raftbroker.delivery.delay_ms");

  private static final TextMapGetter<Map<String, String>> HEADERS =
      (headers, key) -> headers == null ? null : headers.get(key);

  private final SdkTracerProvider provider;
  private final Tracer tracer;

  /** Tells where spans come from. */
  public record Source(String cluster, String nodeId, String version) {}

  Tracing(SpanExporter exporter, int maxQueuedSpans, Source source) {
    Resource resource =
        Resource.create(
            Attributes.builder()
                .put("service.name", "raftbroker")
                .put("service.namespace", source.cluster())
                .put("service.instance.id", source.nodeId())
                .put("service.version", source.version())
                .build());
    this.provider =
        SdkTracerProvider.builder()
            .setResource(resource)
            .setSampler(Sampler.parentBased(Sampler.alwaysOff()))
            .addSpanProcessor(
                BatchSpanProcessor.builder(exporter)
                    .setMaxQueueSize(maxQueuedSpans)
                    .setMaxExportBatchSize(Math.min(512, maxQueuedSpans))
                    .setScheduleDelay(SEND_EVERY)
                    .build())
            .build();
    this.tracer = provider.get("org.raftbroker", source.version());
  }

  /** What the configuration says; empty if nothing is to be traced. */
  public static Optional<Tracing> of(TracingConfig config, Source source) {
    return config.endpoint().map(endpoint -> to(endpoint, config.maxQueuedSpans(), source));
  }

  private static Tracing to(URI endpoint, int maxQueuedSpans, Source source) {
    SpanExporter exporter =
        OtlpHttpSpanExporter.builder().setEndpoint(endpoint + "/v1/traces").build();
    return new Tracing(exporter, maxQueuedSpans, source);
  }

  @Override
  public boolean follows(NewMessage message) {
    return message.headers().containsKey(CONTEXT_HEADER);
  }

  @Override
  public void onAnswered(Publish publish, @Nullable Outcome outcome, @Nullable Throwable failure) {
    long nowNanos = System.nanoTime();
    long nowEpochNanos = epochNanos();
    for (int i = 0; i < publish.messages().size(); i++) {
      NewMessage message = publish.messages().get(i);
      Context parent = follows(message) ? context(message.headers()) : null;
      if (parent == null) {
        continue;
      }
      Span whole =
          span("publish", message.subject(), SpanKind.SERVER, parent)
              .setStartTimestamp(
                  nowEpochNanos - (nowNanos - publish.arrivedNanos()), TimeUnit.NANOSECONDS)
              .setAttribute(SHARD, (long) publish.shard())
              .setAttribute(BODY_BYTES, (long) message.body().size())
              .startSpan();
      Span commit =
          span("commit", message.subject(), SpanKind.INTERNAL, parent.with(whole))
              .setStartTimestamp(
                  nowEpochNanos - (nowNanos - publish.submittedNanos()), TimeUnit.NANOSECONDS)
              .startSpan();
      if (outcome == null) {
        String why = String.valueOf(failure == null ? null : failure.getMessage());
        whole.setStatus(StatusCode.ERROR, why);
        commit.setStatus(StatusCode.ERROR, why);
      } else if (outcome.isKeyReused(i)) {
        whole.setStatus(StatusCode.ERROR, Reason.KEY_REUSED.name());
      } else {
        whole.setAttribute(MESSAGE_ID, Long.toString(outcome.id(i)));
      }
      commit.end(nowEpochNanos, TimeUnit.NANOSECONDS);
      whole.end(nowEpochNanos, TimeUnit.NANOSECONDS);
    }
  }

  @Override
  public void onDelivered(StoredMessage message, Outbound to) {
    Map<String, String> headers = MessageFrame.headers(message.frame());
    Context parent = headers.containsKey(CONTEXT_HEADER) ? context(headers) : null;
    if (parent == null) {
      return;
    }
    long publishedAtMillis = MessageFrame.publishedAtMillis(message.frame());
    span("deliver", message.subject(), SpanKind.PRODUCER, parent)
        .setAttribute(MESSAGE_ID, Long.toString(message.id()))
        .setAttribute(CLIENT, to.client())
        .setAttribute(DELAY_MILLIS, System.currentTimeMillis() - publishedAtMillis)
        .startSpan()
        .end();
  }

  /** Sends what is queued, if the collector takes it soon. */
  @Override
  public void close() {
    provider.shutdown().join(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
  }

  private SpanBuilder span(String step, Subject subject, SpanKind kind, Context parent) {
    return tracer
        .spanBuilder(step + " " + subject)
        .setSpanKind(kind)
        .setParent(parent)
        .setAttribute(SYSTEM, "raftbroker")
        .setAttribute(SUBJECT, subject.name());
  }

  /** The span in the headers; null if there is none, or it is not sampled. */
  private static @Nullable Context context(Map<String, String> headers) {
    Context context =
        W3CTraceContextPropagator.getInstance().extract(Context.root(), headers, HEADERS);
    SpanContext span = Span.fromContext(context).getSpanContext();
    return span.isValid() && span.isSampled() ? context : null;
  }

  private static long epochNanos() {
    return TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis());
  }
}
