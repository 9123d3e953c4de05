import { type MessageResponse, SubscribeRequest } from "./contract/broker.js";

/** One message of a subject. */
export interface Message {
  /** Counts the subject's messages from 1. A broadcast, which is not stored, has 0. */
  readonly id: number;
  readonly subject: string;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** When the broker accepted it. */
  readonly publishedAt: Date;
  /** When it stops being readable; undefined: never. */
  readonly expiresAt: Date | undefined;
}

/**
 * Where a subscription begins: with the first message published after it is in place ("now"), with the first that is still
 * there ("earliest"), with the first whose id is at least `id`, or with the first accepted at or after `time`. To go on later,
 * in another process, use the last id + 1.
 */
export type Start = "now" | "earliest" | { readonly id: number } | { readonly time: Date };

export function messageOf(response: MessageResponse): Message {
  return {
    id: response.id,
    subject: response.subject,
    body: response.body,
    headers: response.headers,
    publishedAt: new Date(response.publishedAtMillis),
    expiresAt: response.expiresAtMillis === 0 ? undefined : new Date(response.expiresAtMillis),
  };
}

/** Where to go on when everything up to this id was delivered. */
export function startAfter(start: Start, id: number): Start {
  return typeof start === "object" && "id" in start && id < start.id ? start : { id: id + 1 };
}

export function subscribeRequest(subject: string, start: Start): SubscribeRequest {
  return SubscribeRequest.create({ subject, progress: true, start: wireForm(start) });
}

function wireForm(start: Start): Exclude<SubscribeRequest["start"], undefined> | undefined {
  if (start === "now") {
    return undefined;
  }
  if (start === "earliest") {
    return { $case: "fromEarliest", value: true };
  }
  return "id" in start
    ? { $case: "fromId", value: start.id }
    : { $case: "fromTimeMillis", value: start.time.getTime() };
}
