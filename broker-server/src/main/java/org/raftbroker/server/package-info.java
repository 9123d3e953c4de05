/** The composition root: builds a node from its configuration, starts it and stops it. */
@NullMarked
package org.raftbroker.server;

import org.jspecify.annotations.NullMarked;
