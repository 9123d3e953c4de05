package org.raftbroker.bench;

/**
 * The results of one or many messages, in request order.
 *
 * @param ids an id for each; 0 if refused
 * @param codes the gRPC code for each; 0 if published
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; arrays because there are millions
record PublishResults(long[] ids, int[] codes) {
  int size() {
    return ids.length;
  }
}
