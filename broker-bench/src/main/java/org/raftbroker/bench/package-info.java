/**
 * A load generator for the contract of {@code broker.proto}: a client like anybody's, that knows
 * nothing of the server's inside. It measures only what it also checks: ids dense and rising,
 * deliveries without a gap. {@code Workloads} is the way in; a {@code Lane} per connection sends, a
 * {@code Meter} counts, {@code Measurement} turns both into a {@code BenchResult}.
 */
@NullMarked
package org.raftbroker.bench;

import org.jspecify.annotations.NullMarked;
