package org.raftbroker.cli;

import java.util.concurrent.Callable;
import org.raftbroker.client.Repeatable;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.admin.ListSubjectsRequest;
import org.raftbroker.proto.admin.ListSubjectsResponse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Shows which subjects there are. */
@Command(name = "list", description = "Lists subjects by name, with ids and settings.")
final class ListSubjectsCommand implements Callable<Integer> {
  /** As many as a node gives at a time. */
  private static final int MAX_PAGE_SIZE = 1000;

  @ParentCommand SubjectsCommand subjects;

  @Option(
      names = "--prefix",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "Only names that begin with it. Default: all.")
  String prefix;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "0",
      description = "Only the first N. Default: all.")
  long limit;

  @Override
  public Integer call() throws InterruptedException {
    if (limit < 0) {
      throw Failure.usage("--limit " + limit + ", at least 1 is needed");
    }
    Terminal terminal = subjects.parent.terminal;
    TextTable table = SubjectReport.table();
    String token = "";
    long left = limit == 0 ? Long.MAX_VALUE : limit;
    try (Servers servers = subjects.parent.servers()) {
      // Page by page to the output: there may be more subjects than this process has memory for.
      do {
        ListSubjectsResponse page = page(servers, token, (int) Math.min(left, MAX_PAGE_SIZE));
        print(page, table);
        if (!terminal.flush()) {
          return ExitCode.OK;
        }
        token = page.getNextPageToken();
        left -= page.getSubjectsCount();
      } while (!token.isEmpty() && left > 0);
      return ExitCode.OK;
    }
  }

  private ListSubjectsResponse page(Servers servers, String token, int size)
      throws InterruptedException {
    ListSubjectsRequest request =
        ListSubjectsRequest.newBuilder()
            .setPrefix(prefix)
            .setPageToken(token)
            .setPageSize(size)
            .build();
    return Servers.answer(
        servers.client().call(AdminGrpc.getListSubjectsMethod(), request, Repeatable.ALWAYS));
  }

  private void print(ListSubjectsResponse page, TextTable table) {
    Terminal terminal = subjects.parent.terminal;
    if (subjects.parent.json()) {
      page.getSubjectsList().forEach(subject -> terminal.line(SubjectReport.json(subject)));
      return;
    }
    page.getSubjectsList().forEach(subject -> SubjectReport.row(table, subject));
    // An empty page that is not the last leaves the header to the rows whose widths it needs.
    if (page.getSubjectsCount() > 0 || page.getNextPageToken().isEmpty()) {
      table.take().forEach(terminal::line);
    }
  }
}
