package org.raftbroker.cli;

import java.time.Duration;
import org.raftbroker.proto.admin.ClusterDescription;
import picocli.CommandLine.Option;

/** Whether, and how long, a command waits for the replicas that it has set in motion. */
final class WaitOptions {
  @Option(names = "--no-wait", description = "Do not wait until the replicas have moved.")
  boolean noWait;

  @Option(
      names = "--wait-timeout",
      paramLabel = "DURATION",
      defaultValue = "30m",
      converter = DurationConverter.class,
      description =
          "Longest wait for the replicas; what is not done by then goes on by itself, and the exit"
              + " code is 3. Default: 30m.")
  Duration timeout;

  /**
   * Waits, if that is wanted.
   *
   * @param changed the map after the change
   * @return whether the goal is known to be reached
   */
  boolean until(MoveGoal goal, ClusterDescription changed, Servers servers, Terminal terminal)
      throws InterruptedException {
    if (noWait) {
      return false;
    }
    new MoveWait(servers, terminal, timeout, changed).until(goal);
    return true;
  }

  /** Says it if nothing is going to leave a member, because nothing moves at all. */
  static void warnIfPaused(ClusterDescription map, Terminal terminal) {
    if (map.getPaused()) {
      terminal.note(
          "the rebalance is paused: nothing moves away before 'brokerctl cluster resume'");
    }
  }
}
