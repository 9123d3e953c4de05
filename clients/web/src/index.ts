/**
 * A small client of RaftBroker for browsers: publish once, subscribe without gap or duplicate, and fetch, as long as any node of
 * the cluster can be reached through an Envoy.
 *
 * What it does not cover (PublishBatch, SubscribeBatches, Broadcast, IncIdx) is in the generated code in ./contract, whose
 * clients need nothing of this one. PublishStream is out of reach: browsers send no streams.
 */
export { Client, newKey, type PublishOptions } from "./client.js";
export { BrokerError } from "./errors.js";
export { type Message, type Start } from "./message.js";
