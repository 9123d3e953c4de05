@NullMarked
package org.raftbroker.localservers;

import org.jspecify.annotations.NullMarked;
