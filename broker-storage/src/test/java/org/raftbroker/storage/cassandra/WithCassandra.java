package org.raftbroker.storage.cassandra;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests that have a {@link CassandraServer} as a parameter the one of this run. It is started
 * for the first of them and stopped after the last test.
 */
final class WithCassandra implements ParameterResolver {
  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == CassandraServer.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return context
        .getRoot()
        .getStore(Namespace.create(WithCassandra.class))
        .computeIfAbsent(
            CassandraServer.class, type -> new CassandraServer(), CassandraServer.class);
  }
}
