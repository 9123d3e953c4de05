/**
 * The catalog in PostgreSQL. The only package that imports the driver, the pool and Flyway. Knows
 * what is recorded, nothing of who archives or when.
 */
@NullMarked
package org.raftbroker.storage.postgres;

import org.jspecify.annotations.NullMarked;
