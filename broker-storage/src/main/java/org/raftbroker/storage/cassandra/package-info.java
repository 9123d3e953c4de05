/**
 * The shared archive in Apache Cassandra. The only package that imports its driver; knows nothing
 * of shards, logs and catalogs.
 */
@NullMarked
package org.raftbroker.storage.cassandra;

import org.jspecify.annotations.NullMarked;
