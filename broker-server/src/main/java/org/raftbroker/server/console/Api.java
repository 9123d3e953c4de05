package org.raftbroker.server.console;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import java.util.function.Supplier;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.DescribeClusterRequest;
import org.raftbroker.proto.admin.DescribeNodeRequest;
import org.raftbroker.proto.admin.DescribeSubjectRequest;
import org.raftbroker.proto.admin.ListSubjectsRequest;
import org.raftbroker.proto.admin.ListSubscriptionsRequest;
import org.raftbroker.server.metrics.Activity;

/**
 * What the page may ask: a question of the contract each, in JSON. Reading, and publishing; nothing
 * that changes the cluster or removes anything. Waits for the node: on the console's threads only.
 */
final class Api {
  /** Of a body, what a page can show. The rest is left out, and said to be. */
  private static final int SHOWN_BODY_BYTES = 64 * 1024;

  private final OwnNode node;
  private final Supplier<Activity> activity;

  Api(OwnNode node, Supplier<Activity> activity) {
    this.node = node;
    this.activity = activity;
  }

  /**
   * Answers in JSON.
   *
   * @param name what comes after {@code /api/}
   */
  String get(String name, Query query) throws Refusal {
    try {
      return switch (name) {
        case "overview" -> overview();
        case "subscriptions" -> subscriptions(query);
        case "subjects" -> subjects(query);
        case "subject" -> subject(query);
        case "message" -> message(query);
        case "publish" ->
            throw new Refusal(405, "METHOD_NOT_ALLOWED", "publishing is done with POST");
        default -> throw unknown(name);
      };
    } catch (StatusRuntimeException e) {
      throw OwnNode.refusal(e);
    }
  }

  /** The same of what changes something. */
  String post(String name, String body) throws Refusal {
    if (!name.equals("publish")) {
      throw unknown(name);
    }
    PublishRequest request = Json.read(body, PublishRequest.newBuilder()).build();
    try {
      return Json.write(node.publisher().publish(request));
    } catch (StatusRuntimeException e) {
      throw OwnNode.refusal(e);
    }
  }

  private static Refusal unknown(String name) {
    return new Refusal(404, "NOT_FOUND", "there is no /api/" + name);
  }

  /** In one answer, so that what a page shows belongs together. */
  private String overview() {
    AdminGrpc.AdminBlockingStub admin = node.admin();
    return "{\"node\":"
        + Json.write(admin.describeNode(DescribeNodeRequest.getDefaultInstance()))
        + ",\"cluster\":"
        + Json.write(admin.describeCluster(DescribeClusterRequest.getDefaultInstance()))
        + ",\"activity\":"
        + Json.write(activity.get())
        + "}";
  }

  private String subscriptions(Query query) throws Refusal {
    return Json.write(
        node.admin()
            .listSubscriptions(
                ListSubscriptionsRequest.newBuilder().setLimit(count(query, "limit")).build()));
  }

  private String subjects(Query query) throws Refusal {
    return Json.write(
        node.admin()
            .listSubjects(
                ListSubjectsRequest.newBuilder()
                    .setPrefix(query.text("prefix"))
                    .setPageSize(count(query, "pageSize"))
                    .setPageToken(query.text("pageToken"))
                    .build()));
  }

  private String subject(Query query) throws Refusal {
    return Json.write(
        node.admin()
            .describeSubject(
                DescribeSubjectRequest.newBuilder().setSubject(query.text("subject")).build()));
  }

  private String message(Query query) throws Refusal {
    return shown(
        node.reader()
            .fetch(
                FetchRequest.newBuilder()
                    .setSubject(query.text("subject"))
                    .setId(query.number("id", 0))
                    .build()));
  }

  /** The node itself says which counts it takes; here it only has to be one. */
  private static int count(Query query, String name) throws Refusal {
    return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, query.number(name, 0)));
  }

  /** A message with as much of its body as a page shows, and how long that is in truth. */
  static String shown(MessageResponse message) {
    ByteString body = message.getBody();
    MessageResponse cut =
        body.size() <= SHOWN_BODY_BYTES
            ? message
            : message.toBuilder().setBody(body.substring(0, SHOWN_BODY_BYTES)).build();
    return "{\"message\":" + Json.write(cut) + ",\"bodyBytes\":" + body.size() + "}";
  }
}
