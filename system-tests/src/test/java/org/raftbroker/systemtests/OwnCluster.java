package org.raftbroker.systemtests;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.raftbroker.systemtests.cluster.ClusterSpec;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.cluster.NodeLogs;
import org.raftbroker.systemtests.cluster.NodePlace;

/**
 * For tests that need a cluster unlike the shared one, or ruin it. What is started through it ends
 * after the test; a failed test carries the ends of the nodes' logs.
 */
final class OwnCluster
    implements BeforeEachCallback, AfterEachCallback, TestExecutionExceptionHandler {
  private final List<LocalCluster> started = new ArrayList<>();
  private Path logs = Path.of("");

  @Override
  public void beforeEach(ExtensionContext context) {
    logs =
        TestLogs.directory(
            context.getRequiredTestClass().getSimpleName()
                + "."
                + context.getRequiredTestMethod().getName());
  }

  LocalCluster start(ClusterSpec spec, Path directory) {
    return start(spec, directory, UnaryOperator.identity());
  }

  /**
   * @param elsewhere moves a node from the place that it would have
   */
  LocalCluster start(ClusterSpec spec, Path directory, UnaryOperator<NodePlace> elsewhere) {
    return add(LocalCluster.start(spec, directory, logs, elsewhere));
  }

  /**
   * @param settings further sections of each node's configuration, by its number
   */
  LocalCluster startEach(ClusterSpec spec, Path directory, IntFunction<String> settings) {
    return add(LocalCluster.startEach(spec, directory, logs, settings));
  }

  LocalCluster startAt(List<NodePlace> places, ClusterSpec spec, Path directory) {
    return add(LocalCluster.startAt(places, spec, directory, logs));
  }

  private LocalCluster add(LocalCluster cluster) {
    started.add(cluster);
    return cluster;
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    started.forEach(cluster -> failure.addSuppressed(new NodeLogs(cluster.lastLogLines())));
    throw failure;
  }

  @Override
  public void afterEach(ExtensionContext context) {
    started.forEach(LocalCluster::close);
    started.clear();
  }
}
