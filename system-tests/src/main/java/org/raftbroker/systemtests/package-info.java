/**
 * The long form of the faults that the tests show in short: {@code system-tests/chaos}. Knows its
 * own clusters, load and histories only through their public face, as any test does.
 */
@NullMarked
package org.raftbroker.systemtests;

import org.jspecify.annotations.NullMarked;
