package dev.cotrace.hub;

import dev.cotrace.hub.HubException.Fault;
import dev.cotrace.hub.Requests.Method;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** The server: what a repository holds, and its content. */
public final class Hub implements AutoCloseable {
  private static final int LONGEST_LISTING = 32 << 20;
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");

  private final HubSettings settings;
  private final Patience patience;
  private final Requests requests;
  private final Refusals refusals;

  /**
   * Speaks to the endpoint of {@code settings}.
   *
   * @param token the user's; the endpoint alone gets it
   */
  public Hub(HubSettings settings, Optional<HubToken> token) {
    this(settings, token, Patience.USUAL);
  }

  Hub(HubSettings settings, Optional<HubToken> token, Patience patience) {
    this.settings = settings;
    this.patience = patience;
    requests = new Requests(settings, token);
    refusals = new Refusals(settings, token.isPresent());
  }

  /**
   * What is known of a file before it is fetched.
   *
   * @param name of the file in its repository
   * @param size in bytes
   * @param hash what its content hashes to
   */
  record FileFacts(String name, long size, ContentHash hash) {}

  /** How long to keep asking. */
  Patience patience() {
    return patience;
  }

  /** The server's name, for people. */
  public String host() {
    return settings.endpoint().getAuthority();
  }

  /**
   * The files of the commit that the revision of {@code reference} is now.
   *
   * @throws HubException when the hub will not say
   */
  public Listing listing(HubReference reference) throws IOException {
    requireOnline(reference);
    URI uri =
        address(
            "/api/models/%s/revision/%s?blobs=true"
                .formatted(reference.repository(), quoted(reference.revision())));
    return insist(() -> {
      HttpResponse<Body> answer = first(uri);
      try (Body body = answer.body()) {
        refusals.check(answer, reference);
        return requireAsked(Listing.parse(all(body)), reference);
      }
    });
  }

  /**
   * Asks for size and hash of a file.
   *
   * @param reference the repository at a commit
   * @throws HubException when the hub will not say, or says other than the listing
   */
  FileFacts facts(HubReference reference, Listing.Listed listed) throws IOException {
    HubReference file = of(reference, listed.name());
    URI uri = contentAddress(file);
    HttpHeaders headers =
        insist(() -> {
          HttpResponse<Body> answer = requests.ask(Method.HEAD, uri, Map.of());
          answer.body().close();
          if (answer.statusCode() >= 400) {
            refusals.check(answer, file);
          }
          return answer.headers();
        });
    String hash = hash(headers).orElse(listed.hash() == null ? "" : listed.hash());
    long size = size(headers).orElse(listed.size());
    String commit = headers.firstValue("X-Repo-Commit").orElse(reference.revision());
    boolean agrees =
        commit.equals(reference.revision())
            && (listed.hash() == null || listed.hash().equals(hash))
            && (listed.size() < 0 || listed.size() == size);
    if (hash.isEmpty() || size < 0 || !agrees) {
      throw new HubException(
          Fault.BAD_ANSWER,
          "expected %s to tell size and hash of %s as its listing does, got %s; try again, or see whether HF_ENDPOINT is a hub"
              .formatted(host(), file, agrees ? "none" : "others"));
    }
    return new FileFacts(listed.name(), size, new ContentHash(hash));
  }

  private static Optional<String> hash(HttpHeaders headers) {
    return headers
        .firstValue("X-Linked-Etag")
        .or(() -> headers.firstValue("ETag"))
        .map(tag -> tag.replaceFirst("^W/", "").replace("\"", ""))
        .filter(ContentHash::isOne);
  }

  /** The size of the content, not of the answer that says where it is. */
  private static OptionalLong size(HttpHeaders headers) {
    OptionalLong linked = number(headers, "X-Linked-Size");
    boolean elsewhere = headers.firstValue("Location").isPresent();
    return linked.isPresent() || elsewhere ? linked : number(headers, "Content-Length");
  }

  /**
   * Asks for content, once. The caller closes the answer's body.
   *
   * @param reference the repository at a commit
   * @param from the first byte wanted; the server may start at 0 all the same
   * @throws PassingFault when another attempt may help
   */
  HttpResponse<Body> content(HubReference reference, String name, long from) throws IOException {
    HubReference file = of(reference, name);
    Map<String, String> range = from > 0 ? Map.of("Range", "bytes=%d-".formatted(from)) : Map.of();
    HttpResponse<Body> answer = requests.ask(Method.GET, contentAddress(file), range);
    try {
      if (answer.statusCode() != 416) {
        refusals.check(answer, file);
      }
      return answer;
    } catch (IOException e) {
      answer.body().close();
      throw e;
    }
  }

  private static Listing requireAsked(Listing listing, HubReference reference) throws HubException {
    if (HubReference.isCommit(reference.revision())
        && !listing.commit().equals(reference.revision())) {
      throw new HubException(
          Fault.BAD_ANSWER,
          "expected the hub to list %s, got commit %s; see whether HF_ENDPOINT is a hub"
              .formatted(reference, listing.commit()));
    }
    return listing;
  }

  /** Asks for the first time: whoever is offline should hear so at once. */
  private HttpResponse<Body> first(URI uri) throws IOException {
    try {
      return requests.ask(Method.GET, uri, Map.of());
    } catch (PassingFault e) {
      throw e.isUnreached() ? e.lasting(1) : e;
    }
  }

  private interface Attempt<T> {
    T run() throws IOException;
  }

  private <T> T insist(Attempt<T> attempt) throws IOException {
    Patience.Tries tries = patience.tries();
    while (true) {
      try {
        return attempt.run();
      } catch (PassingFault e) {
        tries.failed(e);
      }
    }
  }

  private static byte[] all(Body body) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] piece = new byte[1 << 16];
    for (int n = body.read(piece); n >= 0; n = body.read(piece)) {
      bytes.write(piece, 0, n);
      if (bytes.size() > LONGEST_LISTING) {
        throw new HubException(
            Fault.BAD_ANSWER,
            "expected the hub to list files in at most %d MiB, got more"
                .formatted(LONGEST_LISTING >> 20));
      }
    }
    return bytes.toByteArray();
  }

  private void requireOnline(HubReference reference) throws HubException {
    if (settings.offline()) {
      throw new HubException(
          Fault.OFFLINE,
          "%s cannot be pulled, because HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE forbids it; unset it"
              .formatted(reference));
    }
  }

  private static HubReference of(HubReference reference, String file) {
    return new HubReference(reference.repository(), reference.revision(), file);
  }

  private URI contentAddress(HubReference file) {
    return address(
        "/%s/resolve/%s/%s"
            .formatted(
                file.repository(),
                quoted(file.revision()),
                quoted(String.valueOf(file.file())).replace("%2F", "/")));
  }

  private URI address(String path) {
    return URI.create(settings.endpoint() + path);
  }

  /** Percent-encoded, slashes too. */
  private static String quoted(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static OptionalLong number(HttpHeaders headers, String name) {
    return headers
        .firstValue(name)
        .filter(text -> NUMBER.matcher(text).matches())
        .map(text -> OptionalLong.of(Long.parseLong(text)))
        .orElse(OptionalLong.empty());
  }

  @Override
  public void close() {
    requests.close();
  }
}
