package org.raftbroker.client;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.BroadcastResponse;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.IncIdxRequest;
import org.raftbroker.proto.IncIdxResponse;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.PublishResponse;

/**
 * A cluster, as its clients see it. One for a process is enough; thread-safe. Name several nodes:
 * what a node that is gone was asked is asked at the next one. What it returns fails with {@link
 * BrokerClientException}.
 *
 * <pre>{@code
 * try (BrokerClient client = BrokerClient.connect("n1:9091", "n2:9091", "n3:9091")) {
 *   long id = client.publish("orders", ByteString.copyFromUtf8("hello")).join();
 *   MessageResponse message = client.fetch("orders", id).join();
 *   try (Subscription orders = client.subscribe("orders", StartAt.earliest())) {
 *     System.out.println(orders.next().getBody().toStringUtf8());
 *   }
 * }
 * }</pre>
 */
public final class BrokerClient implements AutoCloseable {
  /** Above every limit of a node, so that the largest message is readable. */
  private static final int MAX_ANSWER_BYTES = 64 * 1024 * 1024;

  /** How soon it is noticed that the other machine is gone without a word. */
  private static final Duration KEEPALIVE = Duration.ofSeconds(20);

  private static final Duration KEEPALIVE_TIMEOUT = Duration.ofSeconds(5);

  private final Nodes nodes;
  private final Times times;
  private final Set<Publisher> publishers;

  // One thread, which decides about the next attempts and owns the publishers' streams.
  private final ScheduledExecutorService thread;

  private BrokerClient(
      Nodes nodes, Times times, Set<Publisher> publishers, ScheduledExecutorService thread) {
    this.nodes = nodes;
    this.times = times;
    this.publishers = publishers;
    this.thread = thread;
  }

  /**
   * A client without TLS and with the usual times. Connects when it is first used.
   *
   * @param addresses {@code host:port} of nodes, asked in this order
   */
  public static BrokerClient connect(String... addresses) {
    return builder(addresses).build();
  }

  /** A client with settings of its own. */
  public static Builder builder(String... addresses) {
    return new Builder(List.of(addresses));
  }

  /** The same client with another {@link Builder#patience}: closing either closes both. */
  public BrokerClient withPatience(Duration patience) {
    return new BrokerClient(nodes, times.withPatience(patience), publishers, thread);
  }

  /**
   * Learns of further nodes: from now on they are asked, too, when those known by then have failed.
   *
   * @param addresses {@code host:port}; those known already change nothing
   */
  public void alsoAsk(List<String> addresses) {
    addresses.forEach(BrokerClient::requireAddress);
    nodes.add(addresses);
  }

  /** {@link #publish(PublishRequest)} of a body on a subject. */
  public CompletableFuture<Long> publish(String subject, ByteString body) {
    return publish(PublishRequest.newBuilder().setSubject(subject).setBody(body).build());
  }

  /**
   * Publishes one message, once, however often it has to be sent: without an idempotency key it is
   * given one. For many messages a {@link #publisher} is faster.
   *
   * @return its id
   */
  public CompletableFuture<Long> publish(PublishRequest message) {
    PublishRequest keyed =
        message.getIdempotencyKey().isEmpty()
            ? message.toBuilder().setIdempotencyKey(UUID.randomUUID().toString()).build()
            : message;
    return call(BrokerGrpc.getPublishMethod(), keyed, Repeatable.ALWAYS)
        .thenApply(PublishResponse::getId);
  }

  /** A stream of publishes, for many of them. Close it. */
  public Publisher publisher() {
    Publisher publisher = new Publisher(nodes, thread, times, publishers::remove);
    publishers.add(publisher);
    return publisher;
  }

  /** Reads one message. */
  public CompletableFuture<MessageResponse> fetch(String subject, long id) {
    FetchRequest request = FetchRequest.newBuilder().setSubject(subject).setId(id).build();
    return call(BrokerGrpc.getFetchMethod(), request, Repeatable.ALWAYS);
  }

  /** {@link #subscribe(SubscriptionOptions)} with the usual options. */
  public Subscription subscribe(String subject, StartAt start) throws InterruptedException {
    return subscribe(SubscriptionOptions.of(subject).startingAt(start));
  }

  /**
   * Subscribes, and waits until the subscription is in place: what is published after that is in.
   *
   * @throws BrokerClientException if it is refused, or no node takes it in time
   */
  public Subscription subscribe(SubscriptionOptions options) throws InterruptedException {
    Subscription subscription = new Subscription(nodes, options, times);
    subscription.open();
    return subscription;
  }

  /** {@link #broadcast(PublishRequest)} of a body on a subject. */
  public CompletableFuture<BroadcastResponse> broadcast(String subject, ByteString body) {
    return broadcast(PublishRequest.newBuilder().setSubject(subject).setBody(body).build());
  }

  /** Delivers to those who are subscribed now, on every node, at most once; stores nothing. */
  public CompletableFuture<BroadcastResponse> broadcast(PublishRequest message) {
    return call(BrokerGrpc.getBroadcastMethod(), message, Repeatable.IF_IT_CANNOT_HAVE_HAPPENED);
  }

  /**
   * Takes ids that will have no message.
   *
   * @param count how many, 1 to 1,000,000
   * @return the last of them; the first is {@code count - 1} before it
   */
  public CompletableFuture<Long> reserve(String subject, int count) {
    IncIdxRequest request = IncIdxRequest.newBuilder().setSubject(subject).setCount(count).build();
    return call(BrokerGrpc.getIncIdxMethod(), request, Repeatable.IF_IT_CANNOT_HAVE_HAPPENED)
        .thenApply(IncIdxResponse::getNewIdx);
  }

  /**
   * Calls any method with one answer, of administration for example, at the first node that takes
   * it.
   */
  public <Q, A> CompletableFuture<A> call(
      MethodDescriptor<Q, A> method, Q request, Repeatable repeatable) {
    return new UnaryCall<>(nodes, thread, method, request, repeatable, times).start();
  }

  /**
   * The connection to a node, for generated code where a call is about this node and no other one.
   * It ends with the client.
   *
   * @param node {@code host:port}; need not be one that the client asks otherwise
   * @throws BrokerClientException if the client is closed
   */
  public Channel channel(String node) {
    return nodes.channel(node);
  }

  /**
   * Ends everything that is under way. Close publishers first: they wait for what is unanswered.
   */
  @Override
  public void close() {
    publishers.forEach(Publisher::abort);
    nodes.close();
    thread.shutdown();
  }

  private static void requireAddress(String address) {
    if (!address.matches("(\\[[0-9a-fA-F:.%]+]|[^:\\s/]+):[0-9]{1,5}")) {
      throw new IllegalArgumentException("'" + address + "' is not HOST:PORT");
    }
  }

  /** How to reach the cluster, and how long to try. */
  public static final class Builder {
    private final List<String> addresses;
    private ChannelCredentials credentials = InsecureChannelCredentials.create();
    private Duration timeout = Duration.ofSeconds(60);
    private Duration attemptTimeout = Duration.ofSeconds(5);
    private @Nullable Duration patience;
    private Function<String, ManagedChannelBuilder<?>> connector =
        address -> Grpc.newChannelBuilder(address, credentials);

    private Builder(List<String> addresses) {
      if (addresses.isEmpty()) {
        throw new IllegalArgumentException("no address of a node; give at least one HOST:PORT");
      }
      addresses.forEach(BrokerClient::requireAddress);
      this.addresses = addresses;
    }

    /**
     * For TLS: {@code TlsChannelCredentials.create()} trusts whom Java trusts; its {@code
     * newBuilder().trustManager(caPem).keyManager(certificatePem, keyPem).build()} trusts an
     * authority of your own, and shows a certificate. Default: no TLS.
     */
    public Builder credentials(ChannelCredentials credentials) {
      this.credentials = credentials;
      return this;
    }

    /** How long a call may take, all its attempts together; default 60 s. */
    public Builder timeout(Duration timeout) {
      this.timeout = timeout;
      return this;
    }

    /**
     * How long nodes that have failed are asked again, with pauses between; default: as long as the
     * timeout. Zero: a call fails when each node has been asked once, or when one says that it
     * should wait, as is right where a person does; so does a message of a publisher. What is asked
     * again is a call at a node that went away, did not answer or cannot serve at the moment; a
     * refusal is final at once. After a break, subscriptions have a patience of their own ({@link
     * SubscriptionOptions#resumeFor}).
     */
    public Builder patience(Duration patience) {
      this.patience = patience;
      return this;
    }

    /**
     * How long one node may be silent before the next one is asked; default 5 s, and never more
     * than its share of the timeout.
     */
    public Builder attemptTimeout(Duration attemptTimeout) {
      this.attemptTimeout = attemptTimeout;
      return this;
    }

    /**
     * Begins the channel to an address: with interceptors, a proxy, or another transport; instead
     * of {@link #credentials}.
     */
    public Builder connector(Function<String, ManagedChannelBuilder<?>> connector) {
      this.connector = connector;
      return this;
    }

    /** A client, not connected yet. */
    public BrokerClient build() {
      Duration patient = patience == null ? timeout : patience;
      return new BrokerClient(
          new Nodes(addresses, this::connect),
          new Times(timeout, patient, attemptTimeout),
          ConcurrentHashMap.newKeySet(),
          Executors.newSingleThreadScheduledExecutor(
              task -> {
                Thread daemon = new Thread(task, "raftbroker-client");
                daemon.setDaemon(true);
                return daemon;
              }));
    }

    private ManagedChannel connect(String address) {
      return connector
          .apply(address)
          // Callbacks here hand over at once; a thread between would cost more than they do.
          .directExecutor()
          // Ours know the other nodes.
          .disableRetry()
          .maxInboundMessageSize(MAX_ANSWER_BYTES)
          .keepAliveTime(KEEPALIVE.toSeconds(), TimeUnit.SECONDS)
          .keepAliveTimeout(KEEPALIVE_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
          .build();
    }
  }
}
