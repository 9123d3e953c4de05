package org.raftbroker.server.console;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The files that the page consists of, as they were written: in memory from the start on. */
final class Assets {
  private static final Map<String, String> TYPE_BY_ENDING =
      Map.of(
          "html", "text/html; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "svg", "image/svg+xml");

  /** Beside this class on the class path, which cannot be listed. */
  private static final String[] NAMES = {
    "index.html",
    "console.css",
    "icon.svg",
    "app.js",
    "api.js",
    "chart.js",
    "dom.js",
    "format.js",
    "history.js",
    "members.js",
    "overview.js",
    "subject.js",
    "subjects.js",
    "subscriptions.js",
    "watch.js"
  };

  private final Map<String, Asset> byName = new TreeMap<>();

  /**
   * @param tag changes when the content does, so that a browser never shows an older one
   */
  record Asset(String contentType, ByteString content, String tag) {}

  Assets() {
    for (String name : NAMES) {
      byte[] content = read(name);
      String type = TYPE_BY_ENDING.get(name.substring(name.lastIndexOf('.') + 1));
      if (type == null) {
        throw new IllegalStateException("no content type is known for " + name);
      }
      byName.put(name, new Asset(type, ByteString.copyFrom(content), '"' + digest(content) + '"'));
    }
  }

  @Nullable Asset get(String name) {
    return byName.get(name);
  }

  private static byte[] read(String name) {
    try (InputStream file = Assets.class.getResourceAsStream(name)) {
      if (file == null) {
        throw new IllegalStateException("the console's file " + name + " is not in the program");
      }
      return file.readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException("the console's file " + name + " cannot be read", e);
    }
  }

  private static String digest(byte[] content) {
    try {
      byte[] sha = MessageDigest.getInstance("SHA-256").digest(content);
      return HexFormat.of().formatHex(sha, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}
