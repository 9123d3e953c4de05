/** The provider {@code static}: members as the configuration lists them. */
@NullMarked
package org.raftbroker.server.membership.fixed;

import org.jspecify.annotations.NullMarked;
