package org.raftbroker.server.peer;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.Subject;
import org.raftbroker.proto.peer.InterestFrame;
import org.raftbroker.proto.peer.InterestTaken;
import org.raftbroker.server.delivery.Interests;
import org.raftbroker.server.transport.EventLoops;

/**
 * Tells each peer which subjects clients subscribe to here: all of them when a stream to it begins,
 * then what changes. A subscription is in place once every peer that listens has taken note, so
 * that a broadcast of any node reaches it from then on; a peer that is late is not waited for again
 * until it answers.
 *
 * <p>Any thread; state is guarded by "this", and nothing is completed while it is held.
 */
public final class OwnInterests implements Interests {
  private static final long LOOK_MILLIS = 500;

  /** A peer that listens takes note within some milliseconds. */
  private static final long MAX_WAIT_MILLIS = 300;

  private static final int FRAME_SUBJECTS = 4096;

  private final String selfId;
  private final PeerConnections peers;
  private final EventLoops loops;

  private final Map<Long, Interest> interestByHash = new HashMap<>();
  private final Map<String, Stream> streamByMember = new HashMap<>();
  private @Nullable Future<?> looking;
  private boolean closed;

  /** Subjects of one hash; mostly one. */
  private static final class Interest {
    private final CompletableFuture<Void> told;
    private int subjects = 1;

    Interest(CompletableFuture<Void> told) {
      this.told = told;
    }
  }

  public OwnInterests(String selfId, PeerConnections peers, EventLoops loops) {
    this.selfId = selfId;
    this.peers = peers;
    this.loops = loops;
  }

  /** Begins to tell peers; before, and where one cannot be reached, it sends every broadcast. */
  public synchronized void start() {
    looking = loops.next().scheduleAtFixedRate(this::look, 0, LOOK_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Tells nobody any more. */
  public synchronized void close() {
    closed = true;
    if (looking != null) {
      looking.cancel(false);
    }
    List<Stream> streams = List.copyOf(streamByMember.values());
    streamByMember.clear();
    streams.forEach(stream -> stream.call.cancel("this node is stopping", null));
  }

  @Override
  public CompletableFuture<Void> add(Subject subject) {
    long hash = InterestTable.hash(subject);
    List<CompletableFuture<Void>> taken = new ArrayList<>();
    synchronized (this) {
      Interest known = interestByHash.get(hash);
      if (known != null) {
        known.subjects++;
        return known.told;
      }
      for (Stream stream : List.copyOf(streamByMember.values())) {
        CompletableFuture<Void> note = stream.send(InterestFrame.newBuilder().addAdded(hash));
        if (!stream.late) {
          taken.add(note);
        }
      }
      CompletableFuture<Void> told =
          CompletableFuture.allOf(taken.toArray(CompletableFuture[]::new))
              .completeOnTimeout(null, MAX_WAIT_MILLIS, TimeUnit.MILLISECONDS)
              .whenComplete((done, failure) -> markLate());
      interestByHash.put(hash, new Interest(told));
      return told;
    }
  }

  @Override
  public synchronized void remove(Subject subject) {
    long hash = InterestTable.hash(subject);
    Interest known = interestByHash.get(hash);
    if (known == null) {
      throw new IllegalStateException("nobody subscribed to " + subject);
    }
    if (--known.subjects == 0) {
      interestByHash.remove(hash);
      for (Stream stream : List.copyOf(streamByMember.values())) {
        var unused = stream.send(InterestFrame.newBuilder().addRemoved(hash));
      }
    }
  }

  private synchronized void markLate() {
    long now = System.nanoTime();
    for (Stream stream : streamByMember.values()) {
      stream.lookWhetherLate(now);
    }
  }

  private synchronized void look() {
    if (closed) {
      return;
    }
    for (String member : peers.peers()) {
      if (!streamByMember.containsKey(member)) {
        open(member);
      }
    }
  }

  private void open(String member) {
    ClientCall<InterestFrame, InterestTaken> call = peers.tellInterests(member);
    if (call == null) {
      return;
    }
    Stream stream = new Stream(member, call);
    // First: a call that cannot even start ends before start returns.
    streamByMember.put(member, stream);
    call.start(stream, new Metadata());
    call.request(Integer.MAX_VALUE);
    InterestFrame.Builder frame = InterestFrame.newBuilder();
    for (long hash : interestByHash.keySet()) {
      frame.addAdded(hash);
      if (frame.getAddedCount() == FRAME_SUBJECTS) {
        var unused = stream.send(frame);
        frame = InterestFrame.newBuilder();
      }
    }
    var unused = stream.send(frame.setMemberId(selfId).setComplete(true));
  }

  /** The stream to one peer. Guarded by the OwnInterests. */
  private final class Stream extends ClientCall.Listener<InterestTaken> {
    private final String member;
    private final ClientCall<InterestFrame, InterestTaken> call;
    private final TreeMap<Long, Note> untaken = new TreeMap<>();
    private long lastNumber;
    private boolean late;

    private record Note(long sentNanos, CompletableFuture<Void> taken) {}

    Stream(String member, ClientCall<InterestFrame, InterestTaken> call) {
      this.member = member;
      this.call = call;
    }

    CompletableFuture<Void> send(InterestFrame.Builder frame) {
      CompletableFuture<Void> taken = new CompletableFuture<>();
      untaken.put(++lastNumber, new Note(System.nanoTime(), taken));
      call.sendMessage(frame.setNumber(lastNumber).build());
      return taken;
    }

    void lookWhetherLate(long now) {
      Map.Entry<Long, Note> oldest = untaken.firstEntry();
      late =
          oldest != null
              && now - oldest.getValue().sentNanos
                  >= TimeUnit.MILLISECONDS.toNanos(MAX_WAIT_MILLIS);
    }

    @Override
    public void onMessage(InterestTaken taken) {
      List<CompletableFuture<Void>> done = new ArrayList<>(1);
      synchronized (OwnInterests.this) {
        late = false;
        Iterator<Note> notes = untaken.headMap(taken.getNumber(), true).values().iterator();
        while (notes.hasNext()) {
          done.add(notes.next().taken);
          notes.remove();
        }
      }
      done.forEach(note -> note.complete(null));
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      List<Note> left;
      synchronized (OwnInterests.this) {
        streamByMember.remove(member, this);
        left = List.copyOf(untaken.values());
        untaken.clear();
      }
      // It knows nothing of this node any more, and so sends everything.
      left.forEach(note -> note.taken.complete(null));
    }
  }
}
