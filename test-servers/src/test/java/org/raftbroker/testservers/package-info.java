@NullMarked
package org.raftbroker.testservers;

import org.jspecify.annotations.NullMarked;
