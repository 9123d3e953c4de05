package org.raftbroker.systemtests.scale;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.raftbroker.systemtests.cluster.NodePlace;

/**
 * What nodes have sent to each other so far, connection by connection, as the kernel counts it
 * ({@code ss}, of iproute2): bytes that TCP carried and the packets that they took, headers and
 * acknowledgements not counted as bytes. A connection that ends between two of these is missing
 * from their difference, and so is what clients and nodes send each other.
 */
public final class Traffic {
  private static final Pattern LINE =
      Pattern.compile(
          "^\\d+\\s+\\d+\\s+\\S+:(\\d+)\\s+\\S+:(\\d+)\\s+users:\\(\\(\"[^\"]*\",pid=(\\d+),.*$");
  private static final Pattern BYTES = Pattern.compile(" bytes_sent:(\\d+)");
  private static final Pattern PACKETS = Pattern.compile(" segs_out:(\\d+)");

  /** What a connection is for. */
  public enum Kind {
    GOSSIP,
    RAFT,
    PEER
  }

  /** One side of a connection; a port of this machine is one process' at a time. */
  private record Side(int localPort, int remotePort, long pid) {}

  /** What was sent over it, or over several. */
  public record Sent(long bytes, long packets, int connections) {
    public static final Sent NOTHING = new Sent(0, 0, 0);

    /** Of all kinds together. */
    public static Sent sum(Collection<Sent> all) {
      return all.stream().reduce(NOTHING, Sent::plus);
    }

    Sent plus(Sent other) {
      return new Sent(
          bytes + other.bytes, packets + other.packets, connections + other.connections);
    }

    private Sent since(Sent before) {
      return new Sent(bytes - before.bytes, packets - before.packets, connections);
    }
  }

  private final Map<Side, Sent> sentBySide;

  private Traffic(Map<Side, Sent> sentBySide) {
    this.sentBySide = sentBySide;
  }

  /**
   * Asks the kernel.
   *
   * @throws IllegalStateException if it cannot be asked, with the way out
   */
  public static Traffic now() {
    try {
      Process ss =
          new ProcessBuilder("ss", "-tinpHO", "state", "established")
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      String answer = new String(ss.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      int status = ss.waitFor();
      if (status != 0) {
        throw new IllegalStateException("ss ended with exit code " + status);
      }
      return new Traffic(parse(answer));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run ss; install iproute2", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static Map<Side, Sent> parse(String answer) {
    Map<Side, Sent> sent = new HashMap<>();
    for (String line : answer.lines().toList()) {
      Matcher matcher = LINE.matcher(line);
      if (matcher.matches()) {
        Side side =
            new Side(
                Integer.parseInt(matcher.group(1)),
                Integer.parseInt(matcher.group(2)),
                Long.parseLong(matcher.group(3)));
        sent.put(side, new Sent(number(BYTES, line), number(PACKETS, line), 1));
      }
    }
    return sent;
  }

  /** The kernel leaves out what is 0. */
  private static long number(Pattern pattern, String line) {
    Matcher matcher = pattern.matcher(line);
    return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
  }

  /**
   * What one node has sent to others since an earlier look.
   *
   * @param pids of all nodes, by where they are
   */
  public Map<Kind, Sent> sentSince(Traffic before, NodePlace node, Map<NodePlace, Long> pids) {
    Map<Integer, Kind> kindByPort = kinds(pids.keySet());
    Map<Integer, Long> pidByLocalPort = new HashMap<>();
    sentBySide.keySet().forEach(side -> pidByLocalPort.put(side.localPort, side.pid));
    Set<Long> nodes = new HashSet<>(pids.values());
    Map<Kind, Sent> sum = new HashMap<>();
    for (Map.Entry<Side, Sent> entry : sentBySide.entrySet()) {
      Side side = entry.getKey();
      Kind kind = kind(side, kindByPort);
      Long other = pidByLocalPort.get(side.remotePort);
      if (Long.valueOf(side.pid).equals(pids.get(node)) && kind != null && nodes.contains(other)) {
        Sent earlier = before.sentBySide.getOrDefault(side, Sent.NOTHING);
        sum.merge(kind, entry.getValue().since(earlier), Sent::plus);
      }
    }
    return sum;
  }

  private static @Nullable Kind kind(Side side, Map<Integer, Kind> kindByPort) {
    Kind kind = kindByPort.get(side.localPort);
    return kind == null ? kindByPort.get(side.remotePort) : kind;
  }

  private static Map<Integer, Kind> kinds(Set<NodePlace> places) {
    Map<Integer, Kind> kinds = new HashMap<>();
    for (NodePlace place : places) {
      kinds.put(place.grpcPort(), Kind.PEER);
      kinds.put(place.raftPort(), Kind.RAFT);
      kinds.put(place.gossipPort(), Kind.GOSSIP);
      // Where nodes notice each other's end: membership.jgroups.failurePortOffset.
      kinds.put(place.gossipPort() + 10, Kind.GOSSIP);
    }
    return kinds;
  }
}
