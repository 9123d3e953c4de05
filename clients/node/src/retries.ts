import { setTimeout } from "node:timers/promises";
import type { BrokerError } from "./errors.js";

/** How long a call, or a subscription that has lost its node, looks for one that serves. */
export const PATIENCE_MILLIS = 30_000;

const FIRST_PAUSE_MILLIS = 100;
const LONGEST_PAUSE_MILLIS = 1_000;

/**
 * Spaces the attempts of one call, or of one outage of a subscription: each node is asked once without a pause, and pauses
 * between rounds grow.
 */
export class Retries {
  private failures = 0;
  private pauseMillis = FIRST_PAUSE_MILLIS;
  private readonly giveUpAt = performance.now() + PATIENCE_MILLIS;

  constructor(private readonly nodes: number) {}

  /** Resolves when it is time for the next attempt; rejects if there should be none. */
  async wait(failure: BrokerError, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (!failure.isTransient || performance.now() > this.giveUpAt) {
      throw failure;
    }
    this.failures++;
    if (!failure.isOutage) {
      await setTimeout(failure.retryAfterMillis, undefined, signal && { signal });
    } else if (this.failures % this.nodes === 0) {
      // Clients that lost the same node do not come back at the same moment.
      const pause = this.pauseMillis * (0.5 + Math.random() / 2);
      this.pauseMillis = Math.min(2 * this.pauseMillis, LONGEST_PAUSE_MILLIS);
      await setTimeout(pause, undefined, signal && { signal });
    }
  }
}
