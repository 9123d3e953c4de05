package org.raftbroker.storage;

import java.nio.ByteBuffer;

/**
 * The cluster map as a shard keeps it: a value that is replaced as a whole, by whoever knew the
 * version before. What is in it is no business of a store.
 *
 * @param version 0 before the first
 * @param content not changed by anyone
 */
public record VersionedMap(long version, ByteBuffer content) {
  public static final VersionedMap NONE = new VersionedMap(0, ByteBuffer.allocate(0));

  public VersionedMap {
    content = content.asReadOnlyBuffer();
  }

  @Override
  public ByteBuffer content() {
    return content.duplicate();
  }
}
