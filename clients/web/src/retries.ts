import type { BrokerError } from "./errors.js";

/** How long a call, or a subscription that has lost its server, looks for one that serves. */
export const PATIENCE_MILLIS = 30_000;

const FIRST_PAUSE_MILLIS = 100;
const LONGEST_PAUSE_MILLIS = 1_000;

/**
 * Spaces the attempts of one call, or of one outage of a subscription: each server is asked once without a pause, and pauses
 * between rounds grow.
 */
export class Retries {
  private failures = 0;
  private pauseMillis = FIRST_PAUSE_MILLIS;
  private readonly giveUpAt = performance.now() + PATIENCE_MILLIS;

  constructor(private readonly servers: number) {}

  /** Resolves when it is time for the next attempt; rejects if there should be none. */
  async wait(failure: BrokerError, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (!failure.isTransient || performance.now() > this.giveUpAt) {
      throw failure;
    }
    this.failures++;
    if (!failure.isOutage) {
      // The hint is the same for everybody: pages that all wait for exactly that long come back together.
      await pause(failure.retryAfterMillis * (1 + Math.random() / 4), signal);
    } else if (this.failures % this.servers === 0) {
      // Pages that lost the same server do not come back at the same moment.
      await pause(this.pauseMillis * (0.5 + Math.random() / 2), signal);
      this.pauseMillis = Math.min(2 * this.pauseMillis, LONGEST_PAUSE_MILLIS);
    }
  }
}

function pause(millis: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      if (signal?.aborted) {
        reject(signal.reason);
      } else {
        resolve();
      }
    };
    const timer = setTimeout(end, millis);
    signal?.addEventListener("abort", end);
  });
}
