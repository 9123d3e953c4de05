/**
 * A small client of RaftBroker: publish once, subscribe without gap or duplicate, and fetch, as long as any node of the
 * cluster can be reached.
 *
 * What it does not cover (PublishStream, SubscribeBatches, Broadcast, IncIdx) is in the generated code in ./contract, whose
 * clients need nothing of this one.
 */
export { Client, type PublishOptions } from "./client.js";
export { BrokerError } from "./errors.js";
export { type Message, type Start } from "./message.js";
