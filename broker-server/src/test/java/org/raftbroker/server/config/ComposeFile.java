package org.raftbroker.server.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.env.EnvConfig;

/**
 * A file of Docker Compose, as far as tests ask: merged, and with the defaults of its variables.
 *
 * @param path relative paths in the file begin in its directory
 */
record ComposeFile(Path path, Map<String, @Nullable Object> root) {
  private static final String MERGE = "<<";

  /** Whatever this machine has in its environment, the file means its own default. */
  private static final class NothingSet implements EnvConfig {
    @Override
    public Optional<String> getValueFor(
        String name, @Nullable String separator, @Nullable String value, @Nullable String set) {
      return Optional.of(value == null ? "" : value);
    }
  }

  static ComposeFile read(Path path) throws IOException {
    LoadSettings settings =
        LoadSettings.builder().setEnvConfig(Optional.of(new NothingSet())).build();
    return new ComposeFile(
        path, mapping(merged(new Load(settings).loadFromString(Files.readString(path)))));
  }

  /** YAML 1.1's merge key, which Compose knows and YAML 1.2 does not. */
  private static @Nullable Object merged(@Nullable Object node) {
    if (node instanceof List<?> list) {
      return list.stream().map(ComposeFile::merged).toList();
    }
    if (!(node instanceof Map<?, ?> map)) {
      return node;
    }
    Map<String, @Nullable Object> result = new LinkedHashMap<>();
    if (map.get(MERGE) instanceof Map<?, ?> base) {
      result.putAll(mapping(merged(base)));
    }
    map.forEach(
        (key, value) -> {
          if (!key.equals(MERGE)) {
            result.put(String.valueOf(key), merged(value));
          }
        });
    return result;
  }

  private static Map<String, @Nullable Object> mapping(@Nullable Object node) {
    Map<String, @Nullable Object> result = new LinkedHashMap<>();
    if (node instanceof Map<?, ?> map) {
      map.forEach((key, value) -> result.put(String.valueOf(key), value));
    }
    return result;
  }

  Map<String, Service> services() {
    Map<String, Service> services = new LinkedHashMap<>();
    section("services").forEach((name, keys) -> services.put(name, new Service(mapping(keys))));
    return services;
  }

  Service service(String name) {
    Service service = services().get(name);
    if (service == null) {
      throw new AssertionError("no service " + name);
    }
    return service;
  }

  Map<String, @Nullable Object> section(String key) {
    return mapping(root.get(key));
  }

  /** The file that {@code service} finds at {@code target}. */
  Path config(Service service, String target) {
    for (Object each : service.list("configs")) {
      Map<String, @Nullable Object> config = mapping(each);
      if (target.equals(config.get("target"))) {
        Object file =
            mapping(section("configs").get(String.valueOf(config.get("source")))).get("file");
        return path.resolveSibling(String.valueOf(file));
      }
    }
    throw new AssertionError("nothing is mounted at " + target);
  }

  /** One service: its keys as they stand in the file. */
  record Service(Map<String, @Nullable Object> keys) {
    /** Others of its image are started with a command of their own. */
    boolean isBroker() {
      return keys.containsKey("build") && !keys.containsKey("entrypoint");
    }

    String text(String key) {
      return String.valueOf(keys.get(key));
    }

    List<?> list(String key) {
      return keys.get(key) instanceof List<?> list ? list : List.of();
    }

    List<String> texts(String key) {
      return list(key).stream().map(String::valueOf).toList();
    }

    Map<String, @Nullable Object> section(String key) {
      return mapping(keys.get(key));
    }

    Map<String, String> environment() {
      Map<String, String> environment = new LinkedHashMap<>();
      section("environment").forEach((name, value) -> environment.put(name, String.valueOf(value)));
      return environment;
    }
  }
}
