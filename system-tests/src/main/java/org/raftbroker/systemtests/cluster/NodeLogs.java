package org.raftbroker.systemtests.cluster;

/** Not a failure of its own: carries the ends of the nodes' logs along with one. */
public final class NodeLogs extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public NodeLogs(String lastLines) {
    super(lastLines, null, false, false);
  }
}
