/**
 * Clients under a bounded load: publishers that retry, subscribers that stay or resume, fetchers,
 * reservers. Each records what it did and saw in a {@code History}. Knows clients of nodes; nothing
 * of processes, faults or the verdict's rules.
 */
@NullMarked
package org.raftbroker.systemtests.load;

import org.jspecify.annotations.NullMarked;
