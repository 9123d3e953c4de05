/**
 * Real nodes on this machine: ports, configuration files, processes and the faults that befall
 * them. Knows the built server program and the operator's and client's contract; nothing of what is
 * inside the server.
 */
@NullMarked
package org.raftbroker.systemtests.cluster;

import org.jspecify.annotations.NullMarked;
