package org.raftbroker.client;

/** When a call that failed is made again, at this node or another one. */
public enum Repeatable {
  /** Also if it may have happened: it is the same the second time. */
  ALWAYS,

  /** Only if it cannot have happened: a second time would be one more. */
  IF_IT_CANNOT_HAVE_HAPPENED
}
