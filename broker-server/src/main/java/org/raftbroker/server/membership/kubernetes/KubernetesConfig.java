package org.raftbroker.server.membership.kubernetes;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;
import org.raftbroker.config.ConfigSection;

/**
 * The Kubernetes API server beside another provider. YAML section {@code membership.kubernetes}.
 *
 * @param enabled whether it is asked; default no. Needs a provider that sees who is there (jgroups,
 *     serf), and a {@code node.id} that is the name of the node's pod
 * @param api where it is, without a path; https, or http to a loopback address, as {@code kubectl
 *     proxy} serves it: then no token is sent. Default the variables KUBERNETES_SERVICE_HOST and
 *     KUBERNETES_SERVICE_PORT that every pod has
 * @param namespace of the pods and the StatefulSet; default what namespaceFile says
 * @param statefulSet whose pods the nodes are; default {@code node.id} without its ordinal
 * @param labelSelector which pods of the namespace to ask for; default {@code
 *     app.kubernetes.io/name=raftbroker}. This node's own pod must be among them
 * @param tokenFile the service account's token; read again for each request
 * @param caFile PEM certificates that the API server's must be signed by; read again when it is
 *     listed anew
 * @param namespaceFile the name of the namespace
 * @param connectTimeout until a connection is there; 100 ms to 1 m, default 3 s
 * @param requestTimeout until an answer is there; 1 s to 5 m, default 10 s
 * @param watchTimeout after which a stream of changes is asked for anew; 10 s to 1 h, default 5 m.
 *     A connection that died without a word is noticed after that and one requestTimeout
 * @param reconnectInterval longest wait between two attempts; 100 ms to 5 m, default 10 s
 * @param goneAfter how long a pod must have been gone, and not wanted, until its member counts as
 *     gone for good; 10 s to 24 h, default 1 m. Scaling down and up again within that moves nothing
 */
public record KubernetesConfig(
    boolean enabled,
    String api,
    String namespace,
    String statefulSet,
    String labelSelector,
    Path tokenFile,
    Path caFile,
    Path namespaceFile,
    Duration connectTimeout,
    Duration requestTimeout,
    Duration watchTimeout,
    Duration reconnectInterval,
    Duration goneAfter) {
  private static final String FILES = "/var/run/secrets/kubernetes.io/serviceaccount/";
  private static final Pattern NAMESPACE = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
  private static final Pattern STATEFUL_SET =
      Pattern.compile("[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?");

  /**
   * Reads the section; problems are collected in {@code yaml}.
   *
   * @param nodeId of this node
   * @param seesMembers whether the provider finds out who is there
   */
  public static KubernetesConfig read(
      ConfigSection yaml, Map<String, String> environment, String nodeId, boolean seesMembers) {
    KubernetesConfig config =
        new KubernetesConfig(
            yaml.flag("enabled", false),
            yaml.text("api", ofPod(environment)),
            yaml.text("namespace", ""),
            yaml.text("statefulSet", Ordinals.statefulSet(nodeId).orElse("")),
            yaml.text("labelSelector", "app.kubernetes.io/name=raftbroker"),
            Path.of(yaml.text("tokenFile", FILES + "token")),
            Path.of(yaml.text("caFile", FILES + "ca.crt")),
            Path.of(yaml.text("namespaceFile", FILES + "namespace")),
            yaml.duration(
                "connectTimeout",
                Duration.ofSeconds(3),
                Duration.ofMillis(100),
                Duration.ofMinutes(1)),
            yaml.duration(
                "requestTimeout",
                Duration.ofSeconds(10),
                Duration.ofSeconds(1),
                Duration.ofMinutes(5)),
            yaml.duration(
                "watchTimeout", Duration.ofMinutes(5), Duration.ofSeconds(10), Duration.ofHours(1)),
            yaml.duration(
                "reconnectInterval",
                Duration.ofSeconds(10),
                Duration.ofMillis(100),
                Duration.ofMinutes(5)),
            yaml.duration(
                "goneAfter", Duration.ofMinutes(1), Duration.ofSeconds(10), Duration.ofHours(24)));
    if (config.enabled) {
      config.check(yaml, nodeId, seesMembers);
    }
    return config;
  }

  private static String ofPod(Map<String, String> environment) {
    String host = environment.getOrDefault("KUBERNETES_SERVICE_HOST", "");
    if (host.isEmpty()) {
      return "";
    }
    String port = environment.getOrDefault("KUBERNETES_SERVICE_PORT", "443");
    return "https://" + (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
  }

  private void check(ConfigSection yaml, String nodeId, boolean seesMembers) {
    if (!seesMembers) {
      yaml.problem(
          "enabled", "needs membership.provider jgroups or serf; static does not see who is there");
    }
    if (api.isEmpty()) {
      yaml.problem(
          "api",
          "must be https://host:port, as https://10.0.0.1:6443, where the variable"
              + " KUBERNETES_SERVICE_HOST, which every pod has, is not there");
    } else if (!isApi(api)) {
      yaml.problem(
          "api",
          "must be https://host:port without a path, as https://10.0.0.1:6443, or http:// to a"
              + " loopback address, as of kubectl proxy");
    }
    if (!namespace.isEmpty() && !NAMESPACE.matcher(namespace).matches()) {
      yaml.problem("namespace", "must be 1 to 63 of a-z, 0-9 and -, as Kubernetes wants it");
    }
    if (!STATEFUL_SET.matcher(statefulSet).matches()
        || Ordinals.ordinal(statefulSet, nodeId).isEmpty()) {
      yaml.problem(
          "statefulSet",
          "must be the StatefulSet of which node.id is a pod, as broker of broker-0; node.id is \""
              + nodeId
              + "\"");
    }
  }

  private static boolean isApi(String text) {
    try {
      URI uri = new URI(text);
      String host = uri.getHost();
      return host != null
          && uri.getRawUserInfo() == null
          && (uri.getRawPath().isEmpty() || uri.getRawPath().equals("/"))
          && uri.getRawQuery() == null
          && ("https".equals(uri.getScheme())
              || ("http".equals(uri.getScheme()) && isLoopback(host)));
    } catch (URISyntaxException e) {
      return false;
    }
  }

  private static boolean isLoopback(String host) {
    return host.equals("localhost")
        || host.equals("[::1]")
        || host.matches("127(\\.[0-9]{1,3}){3}");
  }

  /** Whether it is asked over TLS, with the token. */
  boolean isSecure() {
    return api.startsWith("https:");
  }
}
