package org.raftbroker.server.membership.kubernetes;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Asks the API server. Any thread; blocks for as long as the configuration allows, and ends with an
 * {@link IOException} when that is over or the thread is interrupted.
 */
final class ApiServer {
  private static final JsonMapper JSON = new JsonMapper();
  private static final int OK = 200;

  private final KubernetesConfig config;
  private final ServiceAccount account;

  // Guarded by this. Made anew when the certificates are others, which a client cannot learn.
  private @Nullable HttpClient client;
  private String trusted = "";

  ApiServer(KubernetesConfig config, ServiceAccount account) {
    this.config = config;
    this.account = account;
  }

  /**
   * Returns what is there now.
   *
   * @throws ApiException if the API server refuses
   */
  JsonNode get(String target) throws IOException {
    HttpResponse<byte[]> response =
        answer(client().sendAsync(request(target), HttpResponse.BodyHandlers.ofByteArray()));
    if (response.statusCode() != OK) {
      throw refusal(response.statusCode(), response.body());
    }
    return parse(response.body());
  }

  /**
   * Opens a stream of changes.
   *
   * @throws ApiException if the API server refuses
   */
  InputStream open(String target) throws IOException {
    HttpResponse<InputStream> response =
        answer(
            client()
                .sendAsync(
                    request(target),
                    // What is refused is read as a whole, so that the time limit is on all of it.
                    info ->
                        info.statusCode() == OK
                            ? HttpResponse.BodySubscribers.ofInputStream()
                            : HttpResponse.BodySubscribers.mapping(
                                HttpResponse.BodySubscribers.ofByteArray(),
                                ByteArrayInputStream::new)));
    if (response.statusCode() != OK) {
      throw refusal(response.statusCode(), response.body().readAllBytes());
    }
    return response.body();
  }

  private HttpRequest request(String target) throws IOException {
    String base =
        config.api().endsWith("/")
            ? config.api().substring(0, config.api().length() - 1)
            : config.api();
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + target)).header("Accept", "application/json");
    if (config.isSecure()) {
      request.header("Authorization", "Bearer " + account.token());
    }
    return request.build();
  }

  private <T> HttpResponse<T> answer(CompletableFuture<HttpResponse<T>> asked) throws IOException {
    Duration timeout = config.requestTimeout();
    try {
      return asked.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      asked.cancel(true);
      throw new IOException(
          "no answer within " + timeout.toMillis() + " ms (membership.kubernetes.requestTimeout)",
          e);
    } catch (InterruptedException e) {
      asked.cancel(true);
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("this node stops");
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      String text =
          cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
      throw new IOException(text, cause);
    }
  }

  private synchronized HttpClient client() throws IOException {
    String ca = config.isSecure() ? account.ca() : "";
    HttpClient current = client;
    if (current == null || !ca.equals(trusted)) {
      // HTTP/1.1: to end a stream is to close its connection, and nothing else is on it.
      HttpClient.Builder builder =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .followRedirects(HttpClient.Redirect.NEVER)
              .connectTimeout(config.connectTimeout());
      if (config.isSecure()) {
        builder.sslContext(account.trust(ca));
      }
      current = builder.build();
      client = current;
      trusted = ca;
    }
    return current;
  }

  private static JsonNode parse(byte[] body) throws IOException {
    try {
      return JSON.readTree(body);
    } catch (JacksonException e) {
      throw new IOException("its answer is not JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static ApiException refusal(int code, byte[] body) {
    try {
      return refusal(code, JSON.readTree(body));
    } catch (JacksonException e) {
      // Not from the API server itself; the code says what there is to say.
      return new ApiException(code, "", "");
    }
  }

  /**
   * @param status what the API server calls a {@code Status}
   */
  static ApiException refusal(int code, JsonNode status) {
    return new ApiException(
        code, status.path("reason").asString(""), status.path("message").asString(""));
  }
}
