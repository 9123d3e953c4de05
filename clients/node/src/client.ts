import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  type CallOptions,
  type ChannelOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import {
  BrokerClient,
  FetchRequest,
  type MessageResponse,
  PublishRequest,
  type PublishResponse,
} from "./contract/broker.js";
import { BrokerError } from "./errors.js";
import { type Message, messageOf, type Start, startAfter, subscribeRequest } from "./message.js";
import { Retries } from "./retries.js";

/** Bounds one attempt at one node. A node that hangs must not use up the time of the others. */
const ATTEMPT_MILLIS = 3_000;

/** How long a node may send nothing on a subscription. It owes a progress frame every 10 s once everything was sent. */
const SILENCE_MILLIS = 25_000;

const CHANNEL_OPTIONS: ChannelOptions = {
  // A connection on which nothing was heard for so long is pinged, and given up if the ping stays unanswered. Nodes
  // disconnect clients that ping more often than every 10 s (limits.minClientPingInterval).
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 5_000,
  // gRPC's own pause between connection attempts. Its default grows to two minutes, for which a node that is back would not
  // be used.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2_000,
  // Above the largest body that a node can be set to take (8 MiB); gRPC's default of 4 MiB is not.
  "grpc.max_receive_message_length": 16 << 20,
};

export interface PublishOptions {
  /**
   * Makes every publish with this key happen once, also those of another process: use what identifies the message in your own
   * data. Without it the client makes up a key, which covers its own attempts.
   */
  readonly key?: string;
  /** Delivered with the message as they are. */
  readonly headers?: Readonly<Record<string, string>>;
  /** After how many seconds the message becomes unreadable; 0: never. */
  readonly expirationSeconds?: number;
}

/**
 * Talks to the nodes of one cluster. It keeps to one of them as long as that serves, then goes on to the next. Connects when
 * the first call is made, to the first address first: clients that are many do well to shuffle the list.
 */
export class Client {
  private readonly nodes: readonly Node[];
  private current = 0;

  /** @param addresses host:port of each node */
  constructor(addresses: readonly string[]) {
    if (addresses.length === 0) {
      throw new TypeError("no address: at least one host:port is needed");
    }
    this.nodes = addresses.map((address) => new Node(address));
  }

  /** Ends all calls and connections. */
  close(): void {
    for (const node of this.nodes) {
      node.broker.close();
    }
  }

  /**
   * Resolves to the message's id once a majority of the replicas have it on disk. Tries again, at other nodes too, until that is
   * certain or PATIENCE_MILLIS are used up. After an error for which `mayHaveHappened` is true nobody knows; a later publish with
   * the same key finds out.
   */
  async publish(
    subject: string,
    body: Uint8Array | string,
    options: PublishOptions = {},
  ): Promise<number> {
    const request = PublishRequest.create({
      subject,
      body: Buffer.from(body),
      idempotencyKey: options.key ?? randomUUID(),
      headers: options.headers ?? {},
      expirationSeconds: options.expirationSeconds ?? 0,
    });
    const response = await this.call((node) =>
      node.ask<PublishResponse>((metadata, callOptions, answer) =>
        node.broker.publish(request, metadata, callOptions, answer),
      ),
    );
    return response.id;
  }

  /** Resolves to one message. Sees each message whose publish has resolved, at any node. */
  async fetch(subject: string, id: number): Promise<Message> {
    const request = FetchRequest.create({ subject, id });
    const response = await this.call((node) =>
      node.ask<MessageResponse>((metadata, callOptions, answer) =>
        node.broker.fetch(request, metadata, callOptions, answer),
      ),
    );
    return messageOf(response);
  }

  /**
   * Yields the messages of a subject in id order, without gap or duplicate. When its node goes away, goes on at another one, after
   * the last message that was yielded. Ends when the signal says so (with its reason), if a node refuses, or if none serves for
   * PATIENCE_MILLIS:
   *
   *     for await (const message of client.subscribe("orders", "earliest")) {
   *       // A slow loop slows the subscription down; nothing piles up here or at the node.
   *     }
   */
  async *subscribe(
    subject: string,
    start: Start = "now",
    signal?: AbortSignal,
  ): AsyncGenerator<Message, void, undefined> {
    let retries = new Retries(this.nodes.length);
    for (;;) {
      const node = this.node();
      let served = false;
      try {
        for await (const frame of node.frames(subject, start, signal)) {
          served = true;
          if (frame.progress !== undefined) {
            // Everything up to the head was sent, so that a subscription from now on, too, has a place to go on from.
            start = startAfter(start, frame.progress.headId);
            continue;
          }
          if (frame.id !== 0) {
            start = startAfter(start, frame.id);
          }
          yield messageOf(frame);
        }
      } catch (failure) {
        if (served) {
          retries = new Retries(this.nodes.length);
        }
        await this.recover(node, failure, retries, signal);
      }
    }
  }

  /** Asks the current node, and others when it does not answer, until one does or refuses. */
  private async call<T>(ask: (node: Node) => Promise<T>): Promise<T> {
    const retries = new Retries(this.nodes.length);
    for (;;) {
      const node = this.node();
      try {
        return await ask(node);
      } catch (failure) {
        await this.recover(node, failure, retries);
      }
    }
  }

  private async recover(
    node: Node,
    failure: unknown,
    retries: Retries,
    signal?: AbortSignal,
  ): Promise<void> {
    if (!(failure instanceof BrokerError)) {
      throw failure;
    }
    // Of many calls that fail at the same node only one goes on to the next.
    if (failure.isOutage && node === this.node()) {
      this.current = (this.current + 1) % this.nodes.length;
    }
    await retries.wait(failure, signal);
  }

  private node(): Node {
    return this.nodes[this.current]!;
  }
}

type Answer<T> = (error: ServiceError | null, response: T) => void;

function isServiceError(failure: unknown): failure is ServiceError {
  return failure instanceof Error && "metadata" in failure && failure.metadata instanceof Metadata;
}

/** One node and the connection to it. */
class Node {
  readonly broker: BrokerClient;

  constructor(private readonly address: string) {
    this.broker = new BrokerClient(address, credentials.createInsecure(), CHANNEL_OPTIONS);
  }

  /** One attempt. */
  ask<T>(
    call: (metadata: Metadata, options: CallOptions, answer: Answer<T>) => ClientUnaryCall,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      call(new Metadata(), { deadline: Date.now() + ATTEMPT_MILLIS }, (error, response) => {
        if (error === null) {
          resolve(response);
        } else {
          reject(BrokerError.of(error, this.address));
        }
      });
    });
  }

  /** What the node sends on one stream; ends with a BrokerError, or as the signal says. */
  async *frames(
    subject: string,
    start: Start,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<MessageResponse, void, undefined> {
    signal?.throwIfAborted();
    const stream = this.broker.subscribe(subscribeRequest(subject, start));
    const cancel = () => stream.cancel();
    signal?.addEventListener("abort", cancel);
    // Cancelling a stream that nobody reads any more makes it emit an error.
    stream.on("error", () => {});
    try {
      // Headers come when the subscription is in place.
      await this.bounded(once(stream, "metadata"), ATTEMPT_MILLIS);
      const frames = (stream as ClientReadableStream<MessageResponse>)[Symbol.asyncIterator]();
      for (;;) {
        // Only bounds the wait for the node: a slow reader is no silent node.
        const next = await this.bounded(frames.next(), SILENCE_MILLIS);
        if (next.done) {
          throw BrokerError.outage(this.address, "the node has ended the subscription");
        }
        yield next.value as MessageResponse;
      }
    } catch (failure) {
      signal?.throwIfAborted();
      throw isServiceError(failure) ? BrokerError.of(failure, this.address) : failure;
    } finally {
      signal?.removeEventListener("abort", cancel);
      stream.cancel();
    }
  }

  private async bounded<T>(wait: Promise<T>, millis: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () =>
          reject(BrokerError.outage(this.address, `the subscription is silent for ${millis} ms`)),
        millis,
      );
    });
    try {
      return await Promise.race([wait, silence]);
    } finally {
      clearTimeout(timer);
    }
  }
}
