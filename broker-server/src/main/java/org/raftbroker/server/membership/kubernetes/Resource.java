package org.raftbroker.server.membership.kubernetes;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * A collection of the API server, and which of its objects are meant.
 *
 * @param path without a slash at its end
 * @param selector a parameter of the query
 */
record Resource(String path, String selector) {
  static Resource pods(String namespace, String labelSelector) {
    return new Resource(
        "/api/v1/namespaces/" + namespace + "/pods", "labelSelector=" + encoded(labelSelector));
  }

  /** By this selector a role that names the object may list and watch it. */
  static Resource statefulSet(String namespace, String name) {
    return new Resource(
        "/apis/apps/v1/namespaces/" + namespace + "/statefulsets",
        "fieldSelector=" + encoded("metadata.name=" + name));
  }

  /** One page of all; {@code from} is empty for the first one. */
  String list(int pageSize, String from) {
    return path
        + "?"
        + selector
        + "&limit="
        + pageSize
        + (from.isEmpty() ? "" : "&continue=" + encoded(from));
  }

  /** What changes after a version. */
  String watch(String version, long seconds) {
    return path
        + "?"
        + selector
        + "&watch=true&allowWatchBookmarks=true&resourceVersion="
        + encoded(version)
        + "&timeoutSeconds="
        + seconds;
  }

  String one(String name) {
    return path + "/" + encoded(name);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
