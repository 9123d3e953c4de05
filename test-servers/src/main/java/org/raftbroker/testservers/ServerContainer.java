package org.raftbroker.testservers;

import com.github.dockerjava.api.DockerClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.containers.wait.strategy.WaitStrategy;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.DockerImageName;

/**
 * A server in a container. Its port on this machine is chosen here, not by Docker, which would
 * choose another one at each start.
 */
final class ServerContainer implements TestServer {
  static final String CASSANDRA_IMAGE = "docker.io/library/cassandra:5.0";
  static final String POSTGRES_IMAGE = "docker.io/library/postgres:18";

  private static final Duration START_LIMIT = Duration.ofMinutes(4);
  private static final int STOP_LIMIT_SECONDS = 30;
  private static final int CQL_PORT = 9042;
  private static final int POSTGRES_PORT = 5432;

  /** What the image's own variables would make is a superuser. */
  private static final String OUR_DATABASE =
      """
      CREATE ROLE raftbroker LOGIN PASSWORD 'raftbroker';
      CREATE DATABASE raftbroker OWNER raftbroker;
      """;

  private final GenericContainer<?> container;
  private final WaitStrategy answers;
  private final int port;

  private ServerContainer(GenericContainer<?> container, WaitStrategy answers, int port) {
    this.container = container;
    this.answers = answers;
    this.port = port;
  }

  static ServerContainer postgres() {
    return start(
        POSTGRES_IMAGE,
        POSTGRES_PORT,
        // Over TCP: while it runs the script below, it listens on a unix socket only.
        "pg_isready --host=127.0.0.1 --username=postgres",
        container ->
            container
                .withEnv("POSTGRES_PASSWORD", "raftbroker")
                .withCopyToContainer(
                    Transferable.of(OUR_DATABASE), "/docker-entrypoint-initdb.d/raftbroker.sql"));
  }

  static ServerContainer cassandra() {
    return cassandra("cqlsh", container -> container);
  }

  static ServerContainer cassandraWithPasswords() {
    return cassandra(
        "cqlsh --username cassandra --password cassandra",
        container ->
            // The image has no variable for that.
            container.withCommand(
                "sh",
                "-c",
                "sed -i s/AllowAllAuthenticator/PasswordAuthenticator/ /etc/cassandra/cassandra.yaml"
                    + " && exec docker-entrypoint.sh cassandra -f"));
  }

  private static ServerContainer cassandra(
      String client, UnaryOperator<GenericContainer<?>> configure) {
    return start(
        CASSANDRA_IMAGE,
        CQL_PORT,
        client + " --execute 'SELECT release_version FROM system.local'",
        container ->
            configure.apply(
                container
                    // Its start script wants both or none.
                    .withEnv("MAX_HEAP_SIZE", "512M")
                    .withEnv("HEAP_NEWSIZE", "128M")
                    // Alone it has nobody to wait for.
                    .withEnv(
                        "JVM_EXTRA_OPTS",
                        "-Dcassandra.skip_wait_for_gossip_to_settle=0 -Dcassandra.ring_delay_ms=1"
                            + " -Dcassandra.superuser_setup_delay_ms=0")));
  }

  private static ServerContainer start(
      String image,
      int serverPort,
      String succeedsWhenItAnswers,
      UnaryOperator<GenericContainer<?>> configure) {
    int port = freePort();
    WaitStrategy answers =
        Wait.forSuccessfulCommand(succeedsWhenItAnswers).withStartupTimeout(START_LIMIT);
    GenericContainer<?> container =
        configure.apply(
            new GenericContainer<>(DockerImageName.parse(image))
                .withExposedPorts(serverPort)
                .waitingFor(answers));
    container.setPortBindings(List.of("127.0.0.1:" + port + ":" + serverPort));
    container.start();
    return new ServerContainer(container, answers, port);
  }

  private static int freePort() {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return free.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public int port() {
    return port;
  }

  /** Not {@code container.stop()}, which drops what the server has stored. */
  @Override
  public void stop() {
    docker().stopContainerCmd(container.getContainerId()).withTimeout(STOP_LIMIT_SECONDS).exec();
  }

  @Override
  public void start() {
    docker().startContainerCmd(container.getContainerId()).exec();
    answers.waitUntilReady(container);
  }

  @Override
  public void pause() {
    docker().pauseContainerCmd(container.getContainerId()).exec();
  }

  @Override
  public void resume() {
    docker().unpauseContainerCmd(container.getContainerId()).exec();
  }

  private DockerClient docker() {
    return container.getDockerClient();
  }

  @Override
  public void close() {
    container.stop();
  }
}
