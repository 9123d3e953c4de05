package org.raftbroker.storage.cassandra;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.raftbroker.storage.ArchiveException;
import org.slf4j.LoggerFactory;

final class OutageTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger(CassandraArchive.class);
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  private long nowNanos;
  private final Outage outage = new Outage("Cassandra at a:1", () -> nowNanos);

  @BeforeEach
  void listen() {
    logged.start();
    logger.addAppender(logged);
    logger.setLevel(Level.INFO);
    logger.setAdditive(false);
  }

  @AfterEach
  void leave() {
    logger.detachAppender(logged);
    logger.setLevel(null);
    logger.setAdditive(true);
  }

  @Test
  void outageIsLoggedOnceAndItsEndOnce() {
    outage.succeeded();
    fail("requests", "a");
    fail("requests", "b");
    outage.succeeded(); // too early: some pass and some fail
    fail("requests", "c");
    nowNanos += TimeUnit.SECONDS.toNanos(5);
    outage.succeeded();
    outage.succeeded();
    fail("requests", "d");

    assertThat(logged.list.stream().map(event -> event.getLevel() + " " + event.getMessage()))
        .containsExactly(
            "WARN archive does not work", "INFO archive works again", "WARN archive does not work");
  }

  @Test
  void eachReasonWhyThereIsNoConnectionIsLoggedOnce() {
    for (String reason : List.of("down", "down", "login", "login")) {
      fail(reason, reason);
    }
    outage.over();

    assertThat(logged.list.stream().map(event -> event.getLevel() + " " + event.getKeyValuePairs()))
        .containsExactly(
            "WARN [problem=\"down\"]",
            "WARN [problem=\"login\"]",
            "INFO [archive=\"Cassandra at a:1\"]");
  }

  private void fail(String trouble, String message) {
    outage.failed(trouble, new ArchiveException(message));
  }
}
