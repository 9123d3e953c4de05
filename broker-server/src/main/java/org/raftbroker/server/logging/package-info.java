/** How log events look. Named by {@code logback.xml}; knows logback and nothing of the broker. */
@NullMarked
package org.raftbroker.server.logging;

import org.jspecify.annotations.NullMarked;
