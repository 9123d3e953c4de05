package org.raftbroker.cli;

/** How results are written. */
enum Output {
  TEXT,
  JSON
}
