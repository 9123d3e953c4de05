package org.raftbroker.storage.cassandra;

import com.datastax.oss.driver.api.core.AllNodesFailedException;
import com.datastax.oss.driver.api.core.DriverTimeoutException;
import com.datastax.oss.driver.api.core.NoNodeAvailableException;
import com.datastax.oss.driver.api.core.NodeUnavailableException;
import com.datastax.oss.driver.api.core.auth.AuthenticationException;
import com.datastax.oss.driver.api.core.connection.ClosedConnectionException;
import com.datastax.oss.driver.api.core.connection.ConnectionInitException;
import com.datastax.oss.driver.api.core.connection.HeartbeatException;
import com.datastax.oss.driver.api.core.servererrors.OverloadedException;
import com.datastax.oss.driver.api.core.servererrors.QueryValidationException;
import com.datastax.oss.driver.api.core.servererrors.ReadTimeoutException;
import com.datastax.oss.driver.api.core.servererrors.UnauthorizedException;
import com.datastax.oss.driver.api.core.servererrors.UnavailableException;
import com.datastax.oss.driver.api.core.servererrors.WriteTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.raftbroker.storage.ArchiveException;

/** What the driver's exceptions mean to an operator. */
final class DriverFailure {
  private final CassandraConfig config;

  DriverFailure(CassandraConfig config) {
    this.config = config;
  }

  /**
   * The failure of one request. The same trouble gives the same message, so that it can be logged
   * once.
   *
   * @param what was asked for, as {@code a read of "orders"}
   */
  ArchiveException of(String what, Throwable thrown) {
    Throwable cause = tellingCause(thrown);
    if (cause instanceof ArchiveException known) {
      return known;
    }
    return new ArchiveException(config.where() + " " + said(what, cause), cause);
  }

  private String said(String what, Throwable cause) {
    if (cause instanceof DriverTimeoutException) {
      return "did not answer "
          + what
          + " within "
          + seconds(config.requestTimeout())
          + "; see that it runs and is not overloaded, and try again";
    }
    if (cause instanceof AuthenticationException) {
      return (config.credentials().isNone()
              ? "wants a login"
              : "refused the login of \"" + config.credentials().username() + "\"")
          + "; set cassandra.username and cassandra.password";
    }
    if (cause instanceof UnavailableException few) {
      return "has "
          + few.getAlive()
          + " of the "
          + few.getRequired()
          + " replicas that "
          + few.getConsistencyLevel()
          + " needs for "
          + what
          + "; start the missing ones, or see that the replication of keyspace "
          + config.keyspace()
          + " fits the cluster";
    }
    if (cause instanceof ReadTimeoutException || cause instanceof WriteTimeoutException) {
      return "did not get enough replicas to answer "
          + what
          + " in time; see that they run and are not overloaded, and try again";
    }
    if (cause instanceof OverloadedException) {
      return "is overloaded and refused " + what + "; try again later";
    }
    if (cause instanceof UnauthorizedException) {
      return "does not permit "
          + what
          + " to \""
          + config.credentials().username()
          + "\": "
          + cause.getMessage()
          + "; grant it";
    }
    if (cause instanceof QueryValidationException) {
      return "refused " + what + ": " + cause.getMessage();
    }
    if (cause instanceof NoNodeAvailableException
        || cause instanceof NodeUnavailableException
        || cause instanceof ClosedConnectionException
        || cause instanceof ConnectionInitException
        || cause instanceof HeartbeatException) {
      return "cannot be reached for " + what + "; see that it runs; it is tried again by itself";
    }
    return "failed " + what + ": " + cause;
  }

  /** Several nodes may have failed, in several ways: the one that an operator can act on. */
  private static Throwable tellingCause(Throwable thrown) {
    Throwable cause =
        thrown instanceof CompletionException && thrown.getCause() != null
            ? thrown.getCause()
            : thrown;
    if (!(cause instanceof AllNodesFailedException all)) {
      return cause;
    }
    List<Throwable> errors = all.getAllErrors().values().stream().flatMap(List::stream).toList();
    return errors.stream()
        .filter(AuthenticationException.class::isInstance)
        .findFirst()
        .or(
            () ->
                errors.stream()
                    .filter(error -> !(error instanceof NodeUnavailableException))
                    .findFirst())
        .orElse(cause);
  }

  private static String seconds(Duration duration) {
    return duration.toMillis() % 1000 == 0
        ? duration.toSeconds() + " s"
        : duration.toMillis() + " ms";
  }
}
