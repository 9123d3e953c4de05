package org.raftbroker.server.grpc;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.NewMessage.Idempotency;
import org.raftbroker.message.Reason;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.IncIdxRequest;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.server.delivery.Start;

/**
 * From the contract's requests to the vocabulary: everything that a client can get wrong is found
 * here. Each method throws the {@link BrokerException} that the contract names.
 */
final class WireFormat {
  static final int MAX_HEADER_KEY_BYTES = 128;
  static final int MAX_IDEMPOTENCY_KEY_BYTES = 128;
  static final int MAX_RESERVED_IDS = 1_000_000;

  private final LimitsConfig limits;

  WireFormat(LimitsConfig limits) {
    this.limits = limits;
  }

  NewMessage toNewMessage(PublishRequest request) {
    Subject subject = new Subject(request.getSubject());
    int bodyBytes = request.getBody().size();
    if (bodyBytes > limits.maxBodyBytes()) {
      throw new BrokerException(
          Reason.BODY_TOO_LARGE,
          String.format(
              "body of \"%s\" has %d bytes, the limit is %d (limits.maxBodyBytes)",
              subject, bodyBytes, limits.maxBodyBytes()));
    }
    if (request.getExpirationSeconds() < 0) {
      throw new BrokerException(
          Reason.EXPIRATION_INVALID,
          "expirationSeconds is "
              + request.getExpirationSeconds()
              + "; give the seconds until the message expires, or 0 for never");
    }
    Map<String, String> headers = request.getHeadersMap();
    if (!headers.isEmpty()) {
      checkHeaders(headers);
    }
    return new NewMessage(
        subject,
        request.getBody(),
        request.getExpirationSeconds(),
        headers,
        idempotency(request.getIdempotencyKey()));
  }

  /**
   * Refuses a body that is longer than its subject allows.
   *
   * @param settings of the subject, as this node knows them
   */
  static void checkBody(NewMessage message, SubjectSettings settings) {
    int maxBytes = settings.maxBodyBytes();
    int bodyBytes = message.body().size();
    if (maxBytes != 0 && bodyBytes > maxBytes) {
      throw new BrokerException(
          Reason.BODY_TOO_LARGE,
          String.format(
              "body of \"%s\" has %d bytes, the limit of this subject is %d (max_body_bytes)",
              message.subject(), bodyBytes, maxBytes));
    }
  }

  static Subject subject(SubscribeRequest request) {
    return new Subject(request.getSubject());
  }

  static Start start(SubscribeRequest request) {
    return switch (request.getStartCase()) {
      case FROM_ID -> {
        if (request.getFromId() < 1) {
          throw startInvalid("from_id", request.getFromId(), "ids begin at 1");
        }
        yield new Start.FromId(request.getFromId());
      }
      case FROM_TIME_MILLIS -> {
        if (request.getFromTimeMillis() < 0) {
          throw startInvalid(
              "from_time_millis",
              request.getFromTimeMillis(),
              "give milliseconds since the Unix epoch, or from_earliest");
        }
        yield new Start.FromTime(request.getFromTimeMillis());
      }
      case FROM_EARLIEST -> request.getFromEarliest() ? new Start.Earliest() : new Start.New();
      case START_NOT_SET -> new Start.New();
    };
  }

  static long id(FetchRequest request) {
    if (request.getId() < 1) {
      throw new BrokerException(Reason.ID_INVALID, "id is " + request.getId() + "; ids begin at 1");
    }
    return request.getId();
  }

  static int count(IncIdxRequest request) {
    int count = request.getCount();
    if (count < 0 || count > MAX_RESERVED_IDS) {
      throw new BrokerException(
          Reason.COUNT_INVALID,
          "count is "
              + count
              + "; reserve 1 to "
              + MAX_RESERVED_IDS
              + " ids at a time (0 means 1)");
    }
    return count == 0 ? 1 : count;
  }

  /**
   * The refusal of a message whose key stands for other content.
   *
   * @param firstId the id that the key's first message got
   */
  static BrokerException keyReused(NewMessage message, long firstId) {
    return new BrokerException(
        Reason.KEY_REUSED,
        String.format(
            "the idempotency_key of this message to \"%s\" stands for message %d, which has other"
                + " content; give each message a key of its own",
            message.subject(), firstId),
        Map.of("id", Long.toString(firstId)));
  }

  private void checkHeaders(Map<String, String> headers) {
    long bytes = 0;
    for (Map.Entry<String, String> header : headers.entrySet()) {
      int keyBytes = utf8Bytes(header.getKey());
      if (keyBytes < 1 || keyBytes > MAX_HEADER_KEY_BYTES) {
        throw new BrokerException(
            Reason.HEADERS_INVALID,
            "a header key has "
                + keyBytes
                + " bytes; give each 1 to "
                + MAX_HEADER_KEY_BYTES
                + " bytes of UTF-8");
      }
      bytes += keyBytes + utf8Bytes(header.getValue());
    }
    if (bytes > limits.maxHeaderBytes()) {
      throw new BrokerException(
          Reason.HEADERS_INVALID,
          String.format(
              "headers have %d bytes of keys and values, the limit is %d (limits.maxHeaderBytes)",
              bytes, limits.maxHeaderBytes()));
    }
  }

  private @Nullable Idempotency idempotency(String key) {
    if (key.isEmpty()) {
      return null;
    }
    int bytes = utf8Bytes(key);
    if (bytes > MAX_IDEMPOTENCY_KEY_BYTES) {
      throw new BrokerException(
          Reason.KEY_INVALID,
          "idempotency_key has "
              + bytes
              + " bytes, the limit is "
              + MAX_IDEMPOTENCY_KEY_BYTES
              + "; a UUID or a hash fits");
    }
    return new Idempotency(key, (int) limits.idempotencyWindow().toSeconds());
  }

  private static BrokerException startInvalid(String field, long value, String wayOut) {
    return new BrokerException(
        Reason.START_INVALID,
        field + " is " + value + "; " + wayOut,
        Map.of(ErrorStatus.FIELD, field));
  }

  private static int utf8Bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
