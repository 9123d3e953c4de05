/** Tests of the load generator's parts; whole workloads are tested through brokerctl. */
@NullMarked
package org.raftbroker.bench;

import org.jspecify.annotations.NullMarked;
