package org.raftbroker.server.membership.kubernetes;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** The files by which a pod knows the API server and is known to it. Reads them each time. */
final class ServiceAccount {
  /** A token has about a thousand bytes, a bundle of certificates some thousands. */
  private static final long MAX_BYTES = 1024 * 1024;

  private final KubernetesConfig config;

  ServiceAccount(KubernetesConfig config) {
    this.config = config;
  }

  /** As it is now: Kubernetes replaces it long before it expires. */
  String token() throws IOException {
    return text(config.tokenFile(), "tokenFile");
  }

  String namespace() throws IOException {
    return config.namespace().isEmpty()
        ? text(config.namespaceFile(), "namespaceFile")
        : config.namespace();
  }

  /** The certificates as text, to see whether they are others than before. */
  String ca() throws IOException {
    return text(config.caFile(), "caFile");
  }

  /** Trusts who can show a certificate by one of {@code ca}, and nobody else. */
  SSLContext trust(String ca) throws IOException {
    try {
      Collection<? extends Certificate> certificates =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(
                  new ByteArrayInputStream(ca.getBytes(StandardCharsets.US_ASCII)));
      if (certificates.isEmpty()) {
        throw new IOException(what(config.caFile(), "caFile") + " has no certificate in it");
      }
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int number = 0;
      for (Certificate certificate : certificates) {
        store.setCertificateEntry("ca-" + number++, certificate);
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(
          what(config.caFile(), "caFile") + " is no list of PEM certificates: " + e.getMessage(),
          e);
    }
  }

  private static String text(Path file, String key) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException(
          what(file, key)
              + " is not there; in a pod it is mounted with the service account, unless"
              + " automountServiceAccountToken is false");
    }
    if (Files.size(file) > MAX_BYTES) {
      throw new IOException(what(file, key) + " has more than " + MAX_BYTES + " bytes");
    }
    String text = Files.readString(file).strip();
    if (text.isEmpty()) {
      throw new IOException(what(file, key) + " is empty");
    }
    return text;
  }

  private static String what(Path file, String key) {
    return "the file " + file + " (membership.kubernetes." + key + ")";
  }
}
