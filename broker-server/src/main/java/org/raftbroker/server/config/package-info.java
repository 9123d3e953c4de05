/**
 * From a YAML file and the environment to config records: every problem at once, each with its
 * line, what is allowed and the way out. Knows every config record; not what the records are for.
 */
@NullMarked
package org.raftbroker.server.config;

import org.jspecify.annotations.NullMarked;
