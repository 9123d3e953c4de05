/**
 * What {@code deploy/prometheus} and {@code deploy/grafana} say, read for tests: rules, dashboards
 * and which metrics their expressions use. Knows no broker and no Prometheus.
 */
@NullMarked
package org.raftbroker.systemtests.monitoring;

import org.jspecify.annotations.NullMarked;
