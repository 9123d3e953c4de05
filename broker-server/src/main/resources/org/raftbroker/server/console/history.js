// The last five minutes, from counters that are read once a second.

export const KEPT_MILLIS = 5 * 60 * 1000;
// Latencies are those of so many seconds: one alone has too few publishes to tell a percentile.
const WINDOW_MILLIS = 5000;

const COUNTERS = ["published", "publishedBytes", "delivered", "deliveredBytes", "fetched", "errors"];

export class History {
  constructor() {
    this.samples = [];
    this.points = [];
  }

  /** Takes what a node has counted, null if it did not answer; `at` is this browser's time. */
  add(activity, at) {
    const last = this.samples.at(-1);
    const sample = activity && {...activity, at};
    const point = {at};
    // A node that was started again counts from 0, and what is between the two is not known.
    if (sample && last && sample.published >= last.published && sample.delivered >= last.delivered) {
      const seconds = (sample.atMillis - last.atMillis) / 1000;
      if (seconds > 0) {
        for (const name of COUNTERS) point[name] = Math.max(0, sample[name] - last[name]) / seconds;
        const first = this.samples.find((old) => old && at - old.at <= WINDOW_MILLIS) ?? last;
        point.p50 = quantile(0.5, first.publishes, sample.publishes);
        point.p99 = quantile(0.99, first.publishes, sample.publishes);
        point.fetchP99 = quantile(0.99, first.fetches, sample.fetches);
      }
    }
    this.samples.push(sample);
    this.points.push(point);
    while (this.samples.length && at - (this.points[0].at) > KEPT_MILLIS) {
      this.samples.shift();
      this.points.shift();
    }
  }

  /** The newest values; undefined where there are none. */
  now() {
    return this.points.at(-1) ?? {};
  }
}

/** A quantile of what came between two states of a histogram, read off its buckets as Prometheus does; undefined if nothing came. */
function quantile(q, before, after) {
  const total = after.count - before.count;
  if (total <= 0) return undefined;
  const wanted = q * total;
  let lowerBound = 0;
  let lowerCount = 0;
  for (let i = 0; i < after.buckets.length; i++) {
    const bucket = after.buckets[i];
    const upTo = bucket.count - (before.buckets[i]?.count ?? 0);
    if (upTo >= wanted) {
      return lowerBound + (bucket.seconds - lowerBound) * ((wanted - lowerCount) / (upTo - lowerCount));
    }
    lowerBound = bucket.seconds;
    lowerCount = upTo;
  }
  return lowerBound; // longer than the last bound: that is all that is known
}
