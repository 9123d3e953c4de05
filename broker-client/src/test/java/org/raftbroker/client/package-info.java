/** Tests of the client, against nodes that fail as they are told to. */
@NullMarked
package org.raftbroker.client;

import org.jspecify.annotations.NullMarked;
