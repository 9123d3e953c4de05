package org.raftbroker.cli;

import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** Whom to trust at the other end, and who this end is: for nodes behind a proxy that does TLS. */
final class TlsOptions {
  @Option(
      names = "--tls-ca",
      scope = ScopeType.INHERIT,
      paramLabel = "FILE",
      description = "Speak TLS, and trust servers whose certificates these sign (PEM).")
  @Nullable Path ca;

  @Option(
      names = "--tls-cert",
      scope = ScopeType.INHERIT,
      paramLabel = "FILE",
      description = "Show this certificate to servers (PEM, with those that signed it).")
  @Nullable Path certificate;

  @Option(
      names = "--tls-key",
      scope = ScopeType.INHERIT,
      paramLabel = "FILE",
      description = "The private key of --tls-cert (PEM, PKCS#8, without a password).")
  @Nullable Path key;

  ChannelCredentials credentials() {
    if ((certificate == null) != (key == null)) {
      throw Failure.usage("--tls-cert and --tls-key belong together");
    }
    if (ca == null) {
      if (certificate != null) {
        throw Failure.usage("--tls-cert needs --tls-ca: whom to trust");
      }
      return InsecureChannelCredentials.create();
    }
    TlsChannelCredentials.Builder tls = TlsChannelCredentials.newBuilder();
    try {
      tls.trustManager(ca.toFile());
    } catch (IOException e) {
      throw Failure.usage("cannot read " + ca + " (--tls-ca)");
    }
    requireUsable(tls.build(), ca + " has no certificates that can be used (--tls-ca)");
    if (certificate != null && key != null) {
      String pair = certificate + " and " + key;
      try {
        tls.keyManager(certificate.toFile(), key.toFile());
      } catch (IOException e) {
        throw Failure.usage("cannot read " + pair + " (--tls-cert, --tls-key)");
      }
      requireUsable(
          tls.build(),
          pair + " are no certificate and its PKCS#8 key, as PEM (--tls-cert, --tls-key)");
    }
    return tls.build();
  }

  /** What is in the files, the transport finds out: here, rather than at the first connection. */
  private static void requireUsable(ChannelCredentials credentials, String otherwise) {
    try {
      var unused = NettyChannelBuilder.forTarget("127.0.0.1:1", credentials);
    } catch (IllegalArgumentException e) {
      throw Failure.usage(otherwise);
    }
  }
}
