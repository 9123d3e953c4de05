package org.raftbroker.systemtests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.raftbroker.systemtests.cluster.ClusterSpec;
import org.raftbroker.systemtests.cluster.DirectoryTree;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.cluster.NodeLogs;

/**
 * Gives tests a three-node cluster with default settings that lives as long as the run: starting
 * one takes longer than most tests. Each test finds it whole, and uses subjects of its own. A
 * failed test carries the ends of the nodes' logs, and the next test gets a new cluster.
 */
final class SharedCluster
    implements BeforeEachCallback, ParameterResolver, TestExecutionExceptionHandler {

  @Override
  public void beforeEach(ExtensionContext context) {
    holder(context).get().makeWhole();
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == LocalCluster.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return holder(context).get();
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    Holder holder = holder(context);
    failure.addSuppressed(new NodeLogs(holder.get().lastLogLines()));
    holder.close();
    throw failure;
  }

  private static Holder holder(ExtensionContext context) {
    return context
        .getRoot()
        .getStore(Namespace.create(SharedCluster.class))
        .computeIfAbsent(Holder.class, c -> new Holder(), Holder.class);
  }

  /** Closed by JUnit when the run is over. */
  private static final class Holder implements AutoCloseable {
    private @Nullable LocalCluster cluster;
    private @Nullable Path directory;
    private int count;

    synchronized LocalCluster get() {
      if (cluster == null) {
        try {
          directory = Files.createTempDirectory("raftbroker-system-tests");
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        Path logs = TestLogs.directory("shared-" + ++count);
        cluster = LocalCluster.start(ClusterSpec.DEFAULT, directory, logs);
      }
      return cluster;
    }

    @Override
    public synchronized void close() throws IOException {
      if (cluster != null) {
        cluster.close();
        cluster = null;
      }
      if (directory != null) {
        DirectoryTree.delete(directory);
        directory = null;
      }
    }
  }
}
