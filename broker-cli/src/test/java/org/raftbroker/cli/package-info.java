/**
 * Tests of the command line against a real gRPC server that keeps messages in memory: what is
 * tested is how commands speak, print and end, not the broker.
 */
@NullMarked
package org.raftbroker.cli;

import org.jspecify.annotations.NullMarked;
