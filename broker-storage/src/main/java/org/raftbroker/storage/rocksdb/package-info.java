/** The embedded store: one RocksDB for each shard. The only package that imports RocksDB. */
@NullMarked
package org.raftbroker.storage.rocksdb;

import org.jspecify.annotations.NullMarked;
