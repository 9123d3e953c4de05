package org.raftbroker.raft.apply;

import java.util.List;
import org.raftbroker.storage.Changes;
import org.raftbroker.storage.Outcome;

/**
 * What one entry does.
 *
 * @param outcomes one for each submission of the entry
 */
public record Applied(Changes changes, List<Outcome> outcomes) {
  public Applied {
    outcomes = List.copyOf(outcomes);
  }
}
