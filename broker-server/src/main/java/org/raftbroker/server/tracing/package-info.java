/**
 * Spans of single messages for an OpenTelemetry collector. The only package that knows
 * OpenTelemetry; what it is told of messages comes through {@code MessageTracer}.
 */
@NullMarked
package org.raftbroker.server.tracing;

import org.jspecify.annotations.NullMarked;
