package org.raftbroker.systemtests;

import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** An authority of the test's own, and what it has signed: Envoy's certificate, and clients'. */
final class Certificates {
  private final X509Bundle authority;
  private final X509Bundle server;

  Certificates() {
    try {
      authority =
          new CertificateBuilder()
              .subject("CN=RaftBroker tests")
              .setIsCertificateAuthority(true)
              .buildSelfSigned();
    } catch (Exception e) {
      throw new IllegalStateException("no certificate for an authority", e);
    }
    server = signed(new CertificateBuilder().subject("CN=envoy").addSanIpAddress("127.0.0.1"));
  }

  /** Writes what Envoy wants: its certificate, its key, and who may sign those of clients. */
  void writeServers(Path directory) {
    try {
      Files.createDirectories(directory);
      Files.writeString(directory.resolve("tls.crt"), server.getCertificatePathPEM());
      Files.writeString(directory.resolve("tls.key"), server.getPrivateKeyPEM());
      Files.writeString(directory.resolve("ca.crt"), authority.getCertificatePEM());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * For a gRPC client.
   *
   * @param name of the certificate that it shows; null: it shows none
   */
  SslContext ofClient(@Nullable String name) {
    SslContextBuilder context = GrpcSslContexts.forClient().trustManager(authority());
    if (name != null) {
      X509Bundle own = signed(new CertificateBuilder().subject("CN=" + name));
      context.keyManager(own.getKeyPair().getPrivate(), own.getCertificatePath());
    }
    try {
      return context.build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** For the client for Java, which shows a certificate of this name. */
  ChannelCredentials ofJavaClient(String name) {
    X509Bundle own = signed(new CertificateBuilder().subject("CN=" + name));
    try {
      return TlsChannelCredentials.newBuilder()
          .trustManager(pem(authority.getCertificatePEM()))
          .keyManager(pem(own.getCertificatePathPEM()), pem(own.getPrivateKeyPEM()))
          .build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream pem(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII));
  }

  /** For an HTTP client, which shows no certificate. */
  SSLContext ofBrowser() {
    try {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry("authority", authority());
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What Chromium is started with so that it believes this Envoy, whoever has signed for it. */
  String asChromiumArgument() {
    try {
      byte[] key = server.getKeyPair().getPublic().getEncoded();
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(key);
      return "--ignore-certificate-errors-spki-list=" + Base64.getEncoder().encodeToString(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private X509Certificate authority() {
    return authority.getCertificate();
  }

  private X509Bundle signed(CertificateBuilder certificate) {
    try {
      return certificate.buildIssuedBy(authority);
    } catch (Exception e) {
      throw new IllegalStateException("no certificate from the authority", e);
    }
  }
}
