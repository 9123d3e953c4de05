/**
 * The provider {@code serf}: asks the HashiCorp Serf agent of this machine who there is, over its
 * RPC. The only package that knows how Serf talks.
 */
@NullMarked
package org.raftbroker.server.membership.serf;

import org.jspecify.annotations.NullMarked;
