package org.raftbroker.systemtests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.raftbroker.systemtests.cluster.ClusterSpec;
import org.raftbroker.systemtests.cluster.DirectoryTree;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.cluster.NodeLogs;

/**
 * Gives tests a cluster that many of them share, because starting one takes longer than most tests:
 * the {@link Usual} one, or what {@link Shape} says. Each test finds it whole, and uses subjects of
 * its own. A failed test carries the ends of the nodes' logs, and the next test gets a new cluster.
 */
final class SharedCluster
    implements BeforeEachCallback, ParameterResolver, TestExecutionExceptionHandler {

  /**
   * Three nodes with default settings, which live as long as the run. Test classes that share it
   * take turns: they kill its nodes.
   */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.TYPE)
  @ExtendWith(SharedCluster.class)
  @ResourceLock("the usual cluster")
  @interface Usual {}

  /** A cluster of the tests of one class. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.TYPE)
  @ExtendWith(SharedCluster.class)
  @interface Shape {
    int nodes();

    int shards();
  }

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
    Shape shape = context.getRequiredTestClass().getAnnotation(Shape.class);
    if (shape == null) {
      return holder(context.getRoot(), ClusterSpec.DEFAULT, "shared");
    }
    ExtensionContext ofClass =
        context.getTestMethod().isPresent() ? context.getParent().orElseThrow() : context;
    return holder(
        ofClass,
        new ClusterSpec(shape.nodes(), shape.shards(), ""),
        context.getRequiredTestClass().getSimpleName());
  }

  private static Holder holder(ExtensionContext context, ClusterSpec spec, String name) {
    return context
        .getStore(Namespace.create(SharedCluster.class))
        .computeIfAbsent(spec, s -> new Holder(s, name), Holder.class);
  }

  /** Closed by JUnit when the run, or the class, is over. */
  private static final class Holder implements AutoCloseable {
    private final ClusterSpec spec;
    private final String name;
    private @Nullable LocalCluster cluster;
    private @Nullable Path directory;
    private int count;

    Holder(ClusterSpec spec, String name) {
      this.spec = spec;
      this.name = name;
    }

    synchronized LocalCluster get() {
      if (cluster == null) {
        try {
          directory = Files.createTempDirectory("raftbroker-system-tests");
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        Path logs = TestLogs.directory(name + "-" + ++count);
        cluster = LocalCluster.start(spec, directory, logs);
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
