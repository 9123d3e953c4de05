/**
 * How a configuration record reads its section. Knows nothing of YAML or the environment: those are
 * behind {@link org.raftbroker.config.ConfigSection}.
 */
@NullMarked
package org.raftbroker.config;

import org.jspecify.annotations.NullMarked;
