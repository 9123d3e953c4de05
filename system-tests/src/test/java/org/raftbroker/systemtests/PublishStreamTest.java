package org.raftbroker.systemtests;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.raftbroker.systemtests.cluster.LocalCluster;

/** The fast way in keeps the order of its requests. */
@Tag("system")
@SharedCluster.Usual
class PublishStreamTest {
  /** System property: a million in the full form. */
  private static final int MESSAGES =
      Integer.getInteger("raftbroker.publishStreamMessages", 200_000);

  @Test
  void idsAreDenseAndInRequestOrder(LocalCluster cluster) throws InterruptedException {
    // Asserts for each answer that its id is the next one.
    PublishBurst.publish(cluster.client(1), "publish-stream.orders", MESSAGES, 64);
  }
}
