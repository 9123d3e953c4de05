/**
 * The client for Java: {@link org.raftbroker.client.BrokerClient} and what it gives, a {@link
 * org.raftbroker.client.Publisher} and a {@link org.raftbroker.client.Subscription}. It adds to the
 * generated code what every client needs and few write well: it knows all nodes and goes on at
 * another one when one is gone, without losing or repeating a message. Messages are those of the
 * contract; it knows nothing of the server's inside.
 */
@NullMarked
package org.raftbroker.client;

import org.jspecify.annotations.NullMarked;
