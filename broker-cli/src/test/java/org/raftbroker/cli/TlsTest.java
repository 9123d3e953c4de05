package org.raftbroker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.TlsServerCredentials;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.proto.PublishRequest;

/** Against a server that speaks TLS, as a proxy in front of nodes does, and wants certificates. */
class TlsTest {
  private @TempDir Path dir;
  private MemoryStore store;
  private MemoryBroker broker;

  @BeforeEach
  void start() throws Exception {
    X509Bundle authority = authority("CN=authority");
    X509Bundle server =
        new CertificateBuilder()
            .subject("CN=server")
            .addSanIpAddress("127.0.0.1")
            .buildIssuedBy(authority);
    X509Bundle client = new CertificateBuilder().subject("CN=client").buildIssuedBy(authority);
    Path ca = write("ca.crt", authority.getCertificatePEM());
    Path certificate = write("server.crt", server.getCertificatePathPEM());
    Path key = write("server.key", server.getPrivateKeyPEM());
    write("client.crt", client.getCertificatePathPEM());
    write("client.key", client.getPrivateKeyPEM());
    store = new MemoryStore();
    broker =
        new MemoryBroker(
            store,
            TlsServerCredentials.newBuilder()
                .keyManager(certificate.toFile(), key.toFile())
                .trustManager(ca.toFile())
                .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                .build());
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  @Test
  void everyWayOfReadingAndWritingGoesThroughIt() {
    assertThat(ctl("publish", "orders", "one").out()).isEqualTo("1\n");
    assertThat(Ctl.withInput("two\nthree\n", trusting("publish", "orders", "-")).out())
        .isEqualTo("2\n3\n");
    assertThat(ctl("fetch", "orders", "2").out()).isEqualTo("two\n");
    assertThat(ctl("subscribe", "orders", "--from", "earliest", "--count", "3").out())
        .isEqualTo("one\ntwo\nthree\n");
    assertThat(ctl("verify", "orders").out()).contains("verified; 3 messages");
    assertThat(ctl("subjects", "describe", "orders").exitCode()).isZero();
  }

  @Test
  void benchGoesThroughIt() {
    Ctl run =
        ctl(
            "bench",
            "publish",
            "--warm-up",
            "100ms",
            "--duration",
            "1s",
            "--threads",
            "1",
            "--probe-dir",
            dir.toString());

    assertThat(run.exitCode()).as(run.err()).isZero();
  }

  @Test
  void optionsMayComeBehindTheCommand() {
    store.publish(
        PublishRequest.newBuilder()
            .setSubject("orders")
            .setBody(ByteString.copyFromUtf8("hello"))
            .build());

    Ctl run =
        Ctl.run(
            "fetch",
            "orders",
            "1",
            "--server",
            broker.address(),
            "--tls-ca",
            file("ca.crt"),
            "--tls-cert",
            file("client.crt"),
            "--tls-key",
            file("client.key"));

    assertThat(run.out()).isEqualTo("hello\n");
  }

  @Test
  void serverOfAnotherAuthorityIsNotTrusted() throws Exception {
    Path other = write("other.crt", authority("CN=another").getCertificatePEM());

    Ctl run =
        Ctl.run("--server", broker.address(), "--tls-ca", other.toString(), "fetch", "orders", "1");

    assertThat(run.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(run.err())
        .startsWith("error: UNAVAILABLE TLS no TLS with " + broker.address() + ": ")
        .contains("certification path")
        .endsWith("(see --tls-ca, --tls-cert)\n");
    assertThat(broker.calls()).isZero();
  }

  @Test
  void filesThatCannotBeUsedAreNamed() throws IOException {
    Path text = write("text", "no certificate");
    String absent = file("absent");

    assertThat(usage("--tls-ca", absent)).contains("cannot read " + absent + " (--tls-ca)");
    assertThat(usage("--tls-ca", text.toString())).contains(text + " has no certificates");
    assertThat(
            usage(
                "--tls-ca",
                file("ca.crt"),
                "--tls-cert",
                file("client.crt"),
                "--tls-key",
                text.toString()))
        .contains(text + " are no certificate and its PKCS#8 key");
    assertThat(usage("--tls-ca", file("ca.crt"), "--tls-cert", file("client.crt")))
        .contains("--tls-cert and --tls-key belong together");
    assertThat(usage("--tls-cert", file("client.crt"), "--tls-key", file("client.key")))
        .contains("--tls-cert needs --tls-ca");
  }

  private String usage(String... options) {
    Ctl run =
        Ctl.run(
            Stream.concat(
                    Stream.of("--server", broker.address(), "fetch", "orders", "1"),
                    Arrays.stream(options))
                .toArray(String[]::new));
    assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
    return run.err();
  }

  private Ctl ctl(String... args) {
    return Ctl.run(trusting(args));
  }

  private String[] trusting(String... args) {
    return Stream.concat(
            Stream.of(
                "--server",
                broker.address(),
                "--tls-ca",
                file("ca.crt"),
                "--tls-cert",
                file("client.crt"),
                "--tls-key",
                file("client.key")),
            Arrays.stream(args))
        .toArray(String[]::new);
  }

  private static X509Bundle authority(String subject) throws Exception {
    return new CertificateBuilder()
        .subject(subject)
        .setIsCertificateAuthority(true)
        .buildSelfSigned();
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(dir.resolve(name), text);
  }

  private String file(String name) {
    return dir.resolve(name).toString();
  }
}
