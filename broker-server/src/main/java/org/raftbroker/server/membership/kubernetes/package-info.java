/**
 * What the Kubernetes API server adds to a provider: where to look for other members, and which of
 * those that are down were scaled away. The only package that knows how Kubernetes talks; it asks
 * and never changes anything there.
 */
@NullMarked
package org.raftbroker.server.membership.kubernetes;

import org.jspecify.annotations.NullMarked;
