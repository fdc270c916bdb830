package dev.cotrace.serve;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.cotrace.BadInput;
import dev.cotrace.RunReport;
import dev.cotrace.report.HtmlPage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Answers GET requests, and no others, about the runs of one directory.
 *
 * <p>Addresses: {@code /} lists the runs, {@code /runs} the same as JSON, {@code /run/NAME} is the
 * page of a run or what follows one in progress, {@code /progress/NAME} the latter as JSON. A name
 * is looked for among the runs there are and leads nowhere else. Unless it listens to other
 * machines, requests must name this one, so that no page of the web reaches it under a name of its
 * own.
 */
public final class RunServer implements AutoCloseable {
  private static final JsonMapper JSON = new JsonMapper();

  /** Requests that are worked on at one time; more wait. */
  private static final int MOST_AT_ONCE = 16;

  /** Pages that are kept; a page is made again when its run has changed. */
  private static final int MOST_PAGES = 8;

  private final HttpServer server;
  private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
  private final Semaphore turns = new Semaphore(MOST_AT_ONCE);
  private final RunFolder folder;
  private final boolean loopback;
  private final Map<Path, Page> pages = new ConcurrentHashMap<>();
  private final Map<Path, Followed> followed = new ConcurrentHashMap<>();

  private record Page(FileTime made, byte[] html) {}

  private record Answer(int code, String type, byte[] body) {
    static Answer html(String page) {
      return new Answer(200, "text/html; charset=utf-8", page.getBytes(StandardCharsets.UTF_8));
    }

    static Answer json(JsonNode json) {
      return new Answer(200, "application/json", JSON.writeValueAsBytes(json));
    }

    static Answer sentence(int code, String sentence) {
      return new Answer(
          code, "text/plain; charset=utf-8", (sentence + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  /**
   * A run in progress; another one of its name has begun at another time.
   *
   * @param begun when its directory was made
   */
  private record Followed(FileTime begun, Following following) {}

  private RunServer(HttpServer server, RunFolder folder, boolean loopback) {
    this.server = server;
    this.folder = folder;
    this.loopback = loopback;
  }

  /**
   * Begins to listen.
   *
   * @param directory whose runs are shown
   * @param address where to listen
   * @param port where to listen; 0 for one that is free
   * @throws IOException when the port is taken
   */
  public static RunServer start(Path directory, InetAddress address, int port) throws IOException {
    System.setProperty("sun.net.httpserver.maxReqTime", "10");
    System.setProperty("sun.net.httpserver.maxRspTime", "60");
    System.setProperty("sun.net.httpserver.maxReqHeaders", "60");
    System.setProperty("jdk.httpserver.maxConnections", "200");
    HttpServer http = HttpServer.create(new InetSocketAddress(address, port), 50);
    RunFolder folder = new RunFolder(directory.toRealPath());
    RunServer server = new RunServer(http, folder, address.isLoopbackAddress());
    http.setExecutor(server.workers);
    http.createContext("/", server::handle);
    http.start();
    return server;
  }

  /** The port that it listens at. */
  public int port() {
    return server.getAddress().getPort();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      turns.acquireUninterruptibly();
      try {
        send(exchange, answer(exchange));
      } finally {
        turns.release();
      }
    }
  }

  private Answer answer(HttpExchange exchange) {
    if (loopback && !namesThisMachine(exchange.getRequestHeaders().getFirst("Host"))) {
      return Answer.sentence(403, "expected a request to 127.0.0.1 or localhost by that name");
    }
    String method = exchange.getRequestMethod();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      return Answer.sentence(405, "expected GET, got " + method.replaceAll("[^A-Z]", "?"));
    }
    try {
      return answer(exchange.getRequestURI().getRawPath());
    } catch (RuntimeException e) {
      // Without an answer the browser would only say that the connection was lost.
      return BadInput.is(e)
          ? Answer.sentence(422, String.valueOf(e.getMessage()))
          : Answer.sentence(500, "this is a bug in Cotrace; please report it: " + e);
    } catch (IOException e) {
      return Answer.sentence(500, "reading failed: " + e.getMessage());
    }
  }

  private Answer answer(@Nullable String rawPath) throws IOException {
    String path =
        URLDecoder.decode(String.valueOf(rawPath).replace("+", "%2B"), StandardCharsets.UTF_8);
    if (path.equals("/")) {
      return Answer.html(
          HtmlPage.served(
              "runs.html", "Runs – Cotrace", List.of("runs.js"), JSON.createObjectNode()));
    }
    if (path.equals("/runs")) {
      return Answer.json(list());
    }
    for (String prefix : List.of("/run/", "/progress/")) {
      if (path.startsWith(prefix)) {
        RunFolder.@Nullable Run run = folder.find(path.substring(prefix.length())).orElse(null);
        if (run != null) {
          return prefix.equals("/run/") ? page(run) : Answer.json(progress(run));
        }
      }
    }
    return Answer.sentence(404, "there is no such run here; / lists those there are");
  }

  private Answer page(RunFolder.Run run) throws IOException {
    if (!run.complete()) {
      ObjectNode data = JSON.createObjectNode().put("name", run.name());
      return Answer.html(
          HtmlPage.served("live.html", run.name() + " – Cotrace", List.of("live.js"), data));
    }
    FileTime changed = Files.getLastModifiedTime(run.path());
    Page page = pages.get(run.path());
    if (page == null || !page.made.equals(changed)) {
      if (pages.size() >= MOST_PAGES) {
        pages.clear();
      }
      page = new Page(changed, RunReport.html(run.path()).getBytes(StandardCharsets.UTF_8));
      pages.put(run.path(), page);
    }
    return new Answer(200, "text/html; charset=utf-8", page.html);
  }

  private ObjectNode progress(RunFolder.Run run) throws IOException {
    if (run.complete()) {
      followed.keySet().removeIf(path -> !Files.exists(path));
      return JSON.createObjectNode().put("complete", true);
    }
    FileTime begun = Files.readAttributes(run.path(), BasicFileAttributes.class).creationTime();
    return followed
        .compute(
            run.path(),
            (path, known) ->
                known != null && known.begun.equals(begun)
                    ? known
                    : new Followed(begun, new Following(path)))
        .following
        .look()
        .put("complete", false);
  }

  private ArrayNode list() throws IOException {
    ArrayNode list = JSON.createArrayNode();
    for (RunFolder.Run run : folder.runs()) {
      ObjectNode entry = list.addObject();
      entry
          .put("name", run.name())
          .put("complete", run.complete())
          .put("changed", run.changed().toString());
      if (run.complete()) {
        headline(entry, run);
      }
    }
    return list;
  }

  private static void headline(ObjectNode entry, RunFolder.Run run) throws IOException {
    JsonNode metrics;
    try {
      metrics = JSON.readTree(Files.readAllBytes(run.path().resolve("metrics.json")));
    } catch (JacksonException _) {
      // One damaged run must not hide the others; its page says what is wrong.
      entry.put("problem", "metrics.json is damaged");
      return;
    }
    for (String name : List.of("objective", "method", "J1", "J0", "pairs")) {
      if (metrics.has(name)) {
        entry.set(name, metrics.get(name));
      }
    }
    entry.set("faithfulness", metrics.at("/circuit/faithfulness"));
  }

  /** Whether the header is a name that only this machine has; a page elsewhere sends its own. */
  private static boolean namesThisMachine(@Nullable String host) {
    if (host == null) {
      return false;
    }
    String name = host.replaceFirst(":[0-9]{1,5}$", "").toLowerCase(Locale.ROOT);
    return name.equals("localhost") || name.equals("127.0.0.1") || name.equals("[::1]");
  }

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    var headers = exchange.getResponseHeaders();
    headers.set("Content-Type", answer.type);
    headers.set("Cache-Control", "no-store");
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("X-Frame-Options", "DENY");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(answer.code, head ? -1 : answer.body.length);
    if (!head) {
      exchange.getResponseBody().write(answer.body);
    }
  }

  /** Stops listening at once. */
  @Override
  public void close() {
    server.stop(0);
    workers.shutdownNow();
  }
}
