package org.raftbroker.server.membership.kubernetes;

import tools.jackson.databind.JsonNode;

/**
 * A pod that exists, in whatever state.
 *
 * @param ip empty as long as it has none
 */
record Pod(String name, String ip) {
  static Pod of(JsonNode pod) {
    return new Pod(
        pod.path("metadata").path("name").asString(""),
        pod.path("status").path("podIP").asString(""));
  }
}
