import type { MessageInitShape } from "@bufbuild/protobuf";
import type { MessageResponse, SubscribeRequestSchema } from "./contract/broker_pb.js";

/** One message of a subject. */
export interface Message {
  /** Counts the subject's messages from 1. A broadcast, which is not stored, has 0. */
  readonly id: number;
  readonly subject: string;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** When the broker accepted it. */
  readonly publishedAt: Date;
  /** When it stops being readable; undefined: never. */
  readonly expiresAt: Date | undefined;
}

/**
 * Where a subscription begins: with the first message published after it is in place ("now"), with the first that is still
 * there ("earliest"), with the first whose id is at least `id`, or with the first accepted at or after `time`. To go on later,
 * after a reload of the page, use the last id + 1.
 */
export type Start = "now" | "earliest" | { readonly id: number } | { readonly time: Date };

export function messageOf(response: MessageResponse): Message {
  return {
    id: numberOf(response.id),
    subject: response.subject,
    body: response.body,
    headers: response.headers,
    publishedAt: new Date(Number(response.publishedAtMillis)),
    expiresAt:
      response.expiresAtMillis === 0n ? undefined : new Date(Number(response.expiresAtMillis)),
  };
}

/** An id as a number, which JSON and URLs can carry; to reach 2^53 takes 285 years at a million messages a second. */
export function numberOf(id: bigint): number {
  if (id > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`id ${id} is above 2^53 - 1; use the generated client in ./contract`);
  }
  return Number(id);
}

/** Where to go on when everything up to this id was delivered. */
export function startAfter(start: Start, id: number): Start {
  return typeof start === "object" && "id" in start && id < start.id ? start : { id: id + 1 };
}

export function subscribeRequest(
  subject: string,
  start: Start,
): MessageInitShape<typeof SubscribeRequestSchema> {
  return { subject, progress: true, start: wireForm(start) };
}

type WireStart = NonNullable<MessageInitShape<typeof SubscribeRequestSchema>["start"]>;

function wireForm(start: Start): WireStart {
  if (start === "now") {
    return { case: undefined };
  }
  if (start === "earliest") {
    return { case: "fromEarliest", value: true };
  }
  return "id" in start
    ? { case: "fromId", value: BigInt(start.id) }
    : { case: "fromTimeMillis", value: BigInt(start.time.getTime()) };
}
