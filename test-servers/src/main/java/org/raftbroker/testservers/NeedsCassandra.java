package org.raftbroker.testservers;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.EnabledIf;

/** Skips a test class where {@link TestServers} cannot start a Cassandra. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@EnabledIf(
    value = "org.raftbroker.testservers.TestServers#haveCassandra",
    disabledReason =
        "needs Java 17, as Cassandra 5.0 does; in containers (RAFTBROKER_TEST_SERVERS) it needs"
            + " Docker")
public @interface NeedsCassandra {}
