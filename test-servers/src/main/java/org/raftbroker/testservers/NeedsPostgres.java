package org.raftbroker.testservers;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.EnabledIf;

/** Skips a test class where {@link TestServers} cannot start a PostgreSQL. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@EnabledIf(
    value = "org.raftbroker.testservers.TestServers#havePostgres",
    disabledReason = "needs Docker, because RAFTBROKER_TEST_SERVERS is containers")
public @interface NeedsPostgres {}
