package org.raftbroker.server.transport;

import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocal;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The threads that all gRPC traffic of this node runs on, its server's and its peer connections':
 * shared, because a hand-off to another thread costs more than the work itself. Handlers run on
 * them directly and never block.
 */
public final class EventLoops {
  private final EventLoopGroup group;
  private final Class<? extends ServerChannel> serverChannel;
  private final Class<? extends Channel> clientChannel;

  private final FastThreadLocal<EventExecutor> current =
      new FastThreadLocal<>() {
        @Override
        protected EventExecutor initialValue() {
          for (EventExecutor loop : group) {
            if (loop.inEventLoop()) {
              return loop;
            }
          }
          throw new IllegalStateException("not on an event loop: " + Thread.currentThread());
        }
      };

  /** Threads start with the first connection. Epoll where the system has it, else NIO. */
  public EventLoops(int count) {
    boolean epoll = Epoll.isAvailable();
    IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    this.group = new MultiThreadIoEventLoopGroup(count, new DefaultThreadFactory("grpc"), io);
    this.serverChannel = epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    this.clientChannel = epoll ? EpollSocketChannel.class : NioSocketChannel.class;
  }

  /** Makes a server's handlers run on these loops. */
  public NettyServerBuilder serve(NettyServerBuilder server) {
    return server
        .channelType(serverChannel)
        .bossEventLoopGroup(group)
        .workerEventLoopGroup(group)
        .directExecutor();
  }

  /** Makes a channel's listeners run on these loops. */
  public NettyChannelBuilder connect(NettyChannelBuilder channel) {
    return channel.channelType(clientChannel).eventLoopGroup(group).directExecutor();
  }

  /** The loop that the calling thread is; a call stays on the loop of its connection. */
  public EventExecutor current() {
    return current.get();
  }

  /** Any of the loops, for a timer. */
  public EventExecutor next() {
    return group.next();
  }

  /** Ends the threads, waiting at most {@code bound} for what runs on them. */
  public void close(Duration bound) {
    group
        .shutdownGracefully(0, bound.toMillis(), TimeUnit.MILLISECONDS)
        .awaitUninterruptibly(bound.toMillis(), TimeUnit.MILLISECONDS);
  }
}
