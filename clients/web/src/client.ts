import {
  type CallOptions,
  type Client as Stub,
  ConnectError,
  createClient,
} from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { Broker, type MessageResponse } from "./contract/broker_pb.js";
import { BrokerError } from "./errors.js";
import {
  type Message,
  messageOf,
  numberOf,
  type Start,
  startAfter,
  subscribeRequest,
} from "./message.js";
import { Retries } from "./retries.js";

/** Bounds one attempt at one server. One that hangs must not use up the time of the others. */
const ATTEMPT_MILLIS = 3_000;

/** How long a server may send nothing on a subscription. It owes a progress frame every 10 s once everything was sent. */
const SILENCE_MILLIS = 25_000;

export interface PublishOptions {
  /**
   * Makes every publish with this key happen once, also those of another page: use what identifies the message in your own
   * data. Without it the client makes up a key, which covers its own attempts.
   */
  readonly key?: string;
  /** Delivered with the message as they are. */
  readonly headers?: Readonly<Record<string, string>>;
  /** After how many seconds the message becomes unreadable; 0: never. */
  readonly expirationSeconds?: number;
}

/**
 * Talks to one cluster from a browser, by gRPC-web, through any of the Envoys that are in front of it. It keeps to one of them
 * as long as that serves, then goes on to the next: clients that are many do well to shuffle the list.
 */
export class Client {
  private readonly servers: readonly Server[];
  private current = 0;

  /** @param urls of each Envoy, such as https://broker.example:8443 */
  constructor(urls: readonly string[]) {
    if (urls.length === 0) {
      throw new TypeError("no URL: at least one https://host:port is needed");
    }
    this.servers = urls.map((url) => new Server(url));
  }

  /**
   * Resolves to the message's id once a majority of the replicas have it on disk. Tries again, at other servers too, until that
   * is certain or PATIENCE_MILLIS are used up. After an error for which `mayHaveHappened` is true nobody knows; a later publish
   * with the same key finds out.
   */
  async publish(
    subject: string,
    body: Uint8Array | string,
    options: PublishOptions = {},
  ): Promise<number> {
    const request = {
      subject,
      body: typeof body === "string" ? new TextEncoder().encode(body) : body,
      idempotencyKey: options.key ?? newKey(),
      headers: options.headers ?? {},
      expirationSeconds: options.expirationSeconds ?? 0,
    };
    const response = await this.call((broker, attempt) => broker.publish(request, attempt));
    return numberOf(response.id);
  }

  /** Resolves to one message. Sees each message whose publish has resolved, at any server. */
  async fetch(subject: string, id: number): Promise<Message> {
    const request = { subject, id: BigInt(id) };
    return messageOf(await this.call((broker, attempt) => broker.fetch(request, attempt)));
  }

  /**
   * Yields the messages of a subject in id order, without gap or duplicate. When its server or the node behind that goes away,
   * goes on at another one, after the last message that was yielded. Ends when the signal says so (with its reason), if a node
   * refuses, or if none serves for PATIENCE_MILLIS:
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
    let retries = new Retries(this.servers.length);
    for (;;) {
      const server = this.server();
      let served = false;
      try {
        for await (const frame of server.frames(subject, start, signal)) {
          served = true;
          if (frame.progress !== undefined) {
            // Everything up to the head was sent, so that a subscription from now on, too, has a place to go on from.
            start = startAfter(start, numberOf(frame.progress.headId));
            continue;
          }
          const message = messageOf(frame);
          if (message.id !== 0) {
            start = startAfter(start, message.id);
          }
          yield message;
        }
      } catch (failure) {
        if (served) {
          retries = new Retries(this.servers.length);
        }
        await this.recover(server, failure, retries, signal);
      }
    }
  }

  /** Asks the current server, and others when it does not answer, until one does or refuses. */
  private async call<T>(ask: (broker: Stub<typeof Broker>, attempt: CallOptions) => Promise<T>) {
    const retries = new Retries(this.servers.length);
    for (;;) {
      const server = this.server();
      try {
        return await server.ask(ask);
      } catch (failure) {
        await this.recover(server, failure, retries);
      }
    }
  }

  private async recover(
    server: Server,
    failure: unknown,
    retries: Retries,
    signal?: AbortSignal,
  ): Promise<void> {
    if (!(failure instanceof BrokerError)) {
      throw failure;
    }
    // Of many calls that fail at the same server only one goes on to the next.
    if (failure.isOutage && server === this.server()) {
      this.current = (this.current + 1) % this.servers.length;
    }
    await retries.wait(failure, signal);
  }

  private server(): Server {
    return this.servers[this.current]!;
  }
}

/** Made up for one publish. crypto.randomUUID would do, but is only there in pages that came by HTTPS. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("-");
}

/** One Envoy, and the way to it. */
class Server {
  private readonly broker: Stub<typeof Broker>;

  constructor(private readonly url: string) {
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
      throw new TypeError(`"${url}" is no URL of an Envoy; one is written https://host:port`);
    }
    this.broker = createClient(Broker, createGrpcWebTransport({ baseUrl: url }));
  }

  /** One attempt. */
  async ask<T>(
    call: (broker: Stub<typeof Broker>, attempt: CallOptions) => Promise<T>,
  ): Promise<T> {
    try {
      return await call(this.broker, { timeoutMs: ATTEMPT_MILLIS });
    } catch (failure) {
      throw this.understood(failure);
    }
  }

  /** What the server sends on one stream; ends with a BrokerError, or as the signal says. */
  async *frames(
    subject: string,
    start: Start,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<MessageResponse, void, undefined> {
    signal?.throwIfAborted();
    const broken = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const expectSomethingWithin = (millis: number) => {
      clearTimeout(timer);
      const silence = `the subscription is silent for ${millis} ms`;
      timer = setTimeout(() => broken.abort(BrokerError.outage(this.url, silence)), millis);
    };
    const ends = signal === undefined ? broken.signal : AbortSignal.any([signal, broken.signal]);
    try {
      const frames = this.broker.subscribe(subscribeRequest(subject, start), {
        signal: ends,
        // Headers come when the subscription is in place.
        onHeader: () => expectSomethingWithin(SILENCE_MILLIS),
      });
      expectSomethingWithin(ATTEMPT_MILLIS);
      for await (const frame of frames) {
        // Only bounds the wait for the server: a slow reader is no silent server.
        clearTimeout(timer);
        yield frame;
        expectSomethingWithin(SILENCE_MILLIS);
      }
      throw BrokerError.outage(this.url, "the server has ended the subscription");
    } catch (failure) {
      ends.throwIfAborted();
      throw this.understood(failure);
    } finally {
      clearTimeout(timer);
    }
  }

  private understood(failure: unknown): unknown {
    return failure instanceof ConnectError ? BrokerError.of(failure, this.url) : failure;
  }
}
