package org.raftbroker.server.grpc;

import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import java.util.ArrayList;
import java.util.List;
import org.raftbroker.server.transport.EventLoops;

/**
 * Binds handlers to the methods of a generated service, with our marshallers in place of the
 * generated ones. Names and schema stay, so that reflection sees the contract.
 */
final class ServiceBinding {
  private final ServiceDescriptor generated;
  private final LimitsConfig limits;
  private final EventLoops loops;
  private final RequestObserver observer;
  private final List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();

  ServiceBinding(
      ServiceDescriptor generated,
      LimitsConfig limits,
      EventLoops loops,
      RequestObserver observer) {
    this.generated = generated;
    this.limits = limits;
    this.loops = loops;
    this.observer = observer;
  }

  <Q extends Message, A> ServiceBinding unary(
      MethodDescriptor<Q, A> method, Q prototype, UnaryMethod<Q, A> does) {
    return unary(method, prototype, does, (request, answer, nanos) -> {});
  }

  <Q extends Message, A> ServiceBinding unary(
      MethodDescriptor<Q, A> method,
      Q prototype,
      UnaryMethod<Q, A> does,
      UnaryHandler.Answered<Q, A> answered) {
    return bind(
        method.toBuilder(requests(prototype), method.getResponseMarshaller()).build(),
        new UnaryHandler<>(does, answered, loops, observer));
  }

  /** A unary method whose answer comes encoded. */
  <Q extends Message, A extends Encoded> ServiceBinding encodedUnary(
      MethodDescriptor<Q, ?> method,
      Q prototype,
      UnaryMethod<Q, A> does,
      UnaryHandler.Answered<Q, A> answered) {
    return encoded(method, prototype, new UnaryHandler<>(does, answered, loops, observer));
  }

  /** A method whose responses come encoded. */
  <Q extends Message, A extends Encoded> ServiceBinding encoded(
      MethodDescriptor<Q, ?> method, Q prototype, ServerCallHandler<Request<Q>, A> handler) {
    return bind(method.toBuilder(requests(prototype), new EncodedMarshaller<A>()).build(), handler);
  }

  ServerServiceDefinition build() {
    ServiceDescriptor.Builder descriptor =
        ServiceDescriptor.newBuilder(generated.getName())
            .setSchemaDescriptor(generated.getSchemaDescriptor());
    methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
    ServerServiceDefinition.Builder service = ServerServiceDefinition.builder(descriptor.build());
    methods.forEach(service::addMethod);
    return service.build();
  }

  private <Q, A> ServiceBinding bind(
      MethodDescriptor<Request<Q>, A> method, ServerCallHandler<Request<Q>, A> handler) {
    methods.add(ServerMethodDefinition.create(method, handler));
    return this;
  }

  @SuppressWarnings("unchecked") // a message's parser parses messages of its class
  private <Q extends Message> RequestMarshaller<Q> requests(Q prototype) {
    return new RequestMarshaller<>(
        (Parser<Q>) prototype.getParserForType(),
        prototype.getDescriptorForType().getName(),
        limits);
  }
}
