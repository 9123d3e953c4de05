package org.raftbroker.cli;

/** When a call that failed goes to the next server. */
enum Retry {
  /** Only if it cannot have reached one: twice would be wrong. */
  IF_UNSENT,
  /** If the server is unavailable or does not answer; each server is asked once. */
  ONCE_EACH,
  /** As before, round and round until the timeout. */
  UNTIL_TIMEOUT
}
