package dev.cotrace.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/**
 * A hub on this machine: an endpoint that lists one repository, and a second server, for it a
 * foreign one, that holds the large files. Does what the real one does unless told otherwise.
 */
public final class FakeHub implements AutoCloseable {
  public static final String NAME = "org/name";
  public static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
  private static final String GATED_TOKEN = "hf_secret";

  /** What a server was asked. */
  public record Seen(
      String server, String method, String path, String authorization, String range) {}

  /** Answers instead of the hub. */
  public interface Trouble {
    /** Whether it answered {@code exchange}. */
    boolean answers(String server, HttpExchange exchange) throws IOException;
  }

  private record Stored(byte[] content, boolean large) {
    String hash() {
      return large ? hex("SHA-256", content) : gitHash(content);
    }
  }

  private final HttpServer endpoint = server("endpoint");
  private final HttpServer cdn = server("cdn");
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, Stored> files = new LinkedHashMap<>();
  private final List<Seen> seen = new CopyOnWriteArrayList<>();
  private volatile Trouble trouble = (_, _) -> false;
  private volatile boolean gated;

  private HttpServer server(String name) {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext("/", exchange -> handle(name, exchange));
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts both servers. */
  public static FakeHub start() {
    FakeHub hub = new FakeHub();
    hub.endpoint.setExecutor(hub.threads);
    hub.cdn.setExecutor(hub.threads);
    hub.endpoint.start();
    hub.cdn.start();
    return hub;
  }

  /** Stores a file whose content the endpoint itself sends. */
  public FakeHub small(String name, String content) {
    files.put(name, new Stored(content.getBytes(StandardCharsets.UTF_8), false));
    return this;
  }

  /** Stores a file whose content lies with the other server. */
  public FakeHub large(String name, byte[] content) {
    files.put(name, new Stored(content, true));
    return this;
  }

  FakeHub gated() {
    gated = true;
    return this;
  }

  FakeHub troubledBy(Trouble more) {
    trouble = more;
    return this;
  }

  /** What both servers were asked so far. */
  public List<Seen> seen() {
    return seen;
  }

  /** Requests for content that reached the server called {@code server}. */
  List<Seen> contentAsked(String server) {
    return seen.stream()
        .filter(each -> each.server().equals(server) && each.method().equals("GET"))
        .filter(each -> !each.path().startsWith("/api/models/"))
        .toList();
  }

  String address() {
    return "http://127.0.0.1:" + endpoint.getAddress().getPort();
  }

  String cdnAddress() {
    return "http://127.0.0.1:" + cdn.getAddress().getPort();
  }

  /** The environment of a program that is to use this hub with the cache {@code cache}. */
  public Map<String, String> environment(Path cache) {
    return Map.of("HF_ENDPOINT", address(), "HF_HUB_CACHE", cache.toString());
  }

  HubSettings settings(Path cache) {
    return new HubSettings(
        URI.create(address()), cache, false, true, Duration.ofSeconds(5), Duration.ofMillis(700));
  }

  /** A client that does not wait long. */
  Hub client(Path cache) {
    return client(settings(cache), Optional.empty());
  }

  static Hub client(HubSettings settings, Optional<HubToken> token) {
    return new Hub(
        settings,
        token,
        new Patience(3, Duration.ofMillis(1), Duration.ofMillis(4), Duration.ofSeconds(2)));
  }

  static Optional<HubToken> token() throws IOException {
    return HubToken.of(Map.of("HF_TOKEN", GATED_TOKEN), Path.of(""));
  }

  String hashOf(String name) {
    return stored(name).hash();
  }

  private Stored stored(String name) {
    return Objects.requireNonNull(files.get(name), name);
  }

  private void handle(String server, HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      String authorization = header(exchange, "Authorization");
      seen.add(
          new Seen(
              server, exchange.getRequestMethod(), path, authorization, header(exchange, "Range")));
      if (trouble.answers(server, exchange)) {
        return;
      }
      if (server.equals("cdn")) {
        content(exchange, path.substring("/blob/".length()));
      } else if (gated && !authorization.equals("Bearer " + GATED_TOKEN)) {
        refuse(exchange, authorization.isEmpty() ? 401 : 403, "GatedRepo");
      } else if (path.startsWith("/api/models/")) {
        list(exchange, path.substring("/api/models/".length()));
      } else if (path.startsWith("/cache/")) {
        content(exchange, path.substring("/cache/".length()));
      } else {
        resolve(exchange, path.substring(1));
      }
    }
  }

  private void list(HttpExchange exchange, String asked) throws IOException {
    if (!asked.startsWith(NAME + "/revision/")) {
      refuse(exchange, 404, "RepoNotFound");
    } else if (!isRevision(asked.substring((NAME + "/revision/").length()))) {
      refuse(exchange, 404, "RevisionNotFound");
    } else {
      send(exchange, 200, listing());
    }
  }

  private static boolean isRevision(String text) {
    return List.of("main", "refs/pr/1", COMMIT).contains(text);
  }

  /** The listing of this repository as the hub writes it. */
  String listing() {
    String siblings =
        files.entrySet().stream()
            .map(file -> sibling(file.getKey(), file.getValue()))
            .collect(Collectors.joining(","));
    return "{\"id\":\"%s\",\"sha\":\"%s\",\"siblings\":[%s]}".formatted(NAME, COMMIT, siblings);
  }

  private static String sibling(String name, Stored stored) {
    String lfs =
        stored.large
            ? ",\"lfs\":{\"sha256\":\"%s\",\"size\":%d,\"pointerSize\":130}"
                .formatted(stored.hash(), stored.content.length)
            : "";
    return "{\"rfilename\":\"%s\",\"size\":%d,\"blobId\":\"%s\"%s}"
        .formatted(name, stored.content.length, gitHash(stored.content), lfs);
  }

  private static String quoted(String path) {
    return URLEncoder.encode(path, StandardCharsets.UTF_8).replace("+", "%20").replace("%2F", "/");
  }

  private void resolve(HttpExchange exchange, String asked) throws IOException {
    String prefix = NAME + "/resolve/" + COMMIT + "/";
    String name = asked.startsWith(prefix) ? asked.substring(prefix.length()) : "";
    Stored stored = files.get(name);
    if (stored == null) {
      refuse(exchange, 404, asked.startsWith(prefix) ? "EntryNotFound" : "RepoNotFound");
      return;
    }
    exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
    if (stored.large) {
      exchange.getResponseHeaders().set("X-Linked-Etag", '"' + stored.hash() + '"');
      exchange.getResponseHeaders().set("X-Linked-Size", "" + stored.content.length);
      redirect(exchange, 302, cdnAddress() + quoted("/blob/" + name));
    } else {
      redirect(exchange, 307, quoted("/cache/" + name));
    }
  }

  /** Sends a file, or the part of it that was asked for. */
  void content(HttpExchange exchange, String name) throws IOException {
    Stored stored = stored(name);
    byte[] content = stored.content;
    if (!stored.large) {
      exchange.getResponseHeaders().set("ETag", "W/\"" + stored.hash() + '"');
    }
    String range = header(exchange, "Range");
    if (range.isEmpty()) {
      send(exchange, 200, content);
      return;
    }
    int from = Integer.parseInt(range.replaceAll("\\D", ""));
    exchange
        .getResponseHeaders()
        .set("Content-Range", "bytes %d-%d/%d".formatted(from, content.length - 1, content.length));
    send(exchange, 206, Arrays.copyOfRange(content, from, content.length));
  }

  static void redirect(HttpExchange exchange, int status, String to) throws IOException {
    exchange.getResponseHeaders().set("Location", to);
    exchange.sendResponseHeaders(status, -1);
  }

  static void refuse(HttpExchange exchange, int status, String code) throws IOException {
    exchange.getResponseHeaders().set("X-Error-Code", code);
    exchange.sendResponseHeaders(status, -1);
  }

  static void send(HttpExchange exchange, int status, String content) throws IOException {
    send(exchange, status, content.getBytes(StandardCharsets.UTF_8));
  }

  static void send(HttpExchange exchange, int status, byte[] content) throws IOException {
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", "" + content.length);
      exchange.sendResponseHeaders(status, -1);
      return;
    }
    exchange.sendResponseHeaders(status, content.length == 0 ? -1 : content.length);
    exchange.getResponseBody().write(content);
  }

  /** Promises all of {@code content}, sends its first {@code sent} bytes and hangs up. */
  static void cut(HttpExchange exchange, byte[] content, int sent) throws IOException {
    exchange.sendResponseHeaders(200, content.length);
    exchange.getResponseBody().write(content, 0, sent);
    exchange.getResponseBody().flush();
  }

  private static String header(HttpExchange exchange, String name) {
    String value = exchange.getRequestHeaders().getFirst(name);
    return value == null ? "" : value;
  }

  static String gitHash(byte[] content) {
    byte[] head = ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII);
    byte[] whole = Arrays.copyOf(head, head.length + content.length);
    System.arraycopy(content, 0, whole, head.length, content.length);
    return hex("SHA-1", whole);
  }

  private static String hex(String algorithm, byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    endpoint.stop(0);
    cdn.stop(0);
    threads.shutdownNow();
  }
}
