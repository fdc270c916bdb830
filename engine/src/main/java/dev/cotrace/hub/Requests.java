package dev.cotrace.hub;

import dev.cotrace.hub.HubException.Fault;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Asks servers. Redirects are followed by hand, because the token must reach no server but the
 * endpoint.
 */
final class Requests implements AutoCloseable {
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final int MOST_REDIRECTS = 8;

  private final HubSettings settings;
  private final Optional<HubToken> token;
  private final HttpClient client;

  Requests(HubSettings settings, Optional<HubToken> token) {
    this.settings = settings;
    this.token = token;
    client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(settings.answerTimeout())
            .build();
  }

  /** What a request is for. */
  enum Method {
    /** Content, from wherever the endpoint sends us. */
    GET,
    /** What the endpoint itself says about content that may lie elsewhere. */
    HEAD
  }

  /**
   * Asks and follows redirects; those of a {@link Method#HEAD} as far as they stay with the
   * endpoint. The caller closes the answer's body.
   *
   * @throws PassingFault when no answer comes
   * @throws HubException when a redirect must not be followed
   */
  HttpResponse<Body> ask(Method method, URI from, Map<String, String> headers) throws IOException {
    URI uri = from;
    for (int hops = 0; hops <= MOST_REDIRECTS; hops++) {
      HttpResponse<Body> answer = send(request(method, uri, headers));
      Optional<String> location = answer.headers().firstValue("Location");
      if (!REDIRECTS.contains(answer.statusCode()) || location.isEmpty()) {
        return answer;
      }
      URI next;
      try {
        next = next(uri, location.get());
      } catch (HubException e) {
        answer.body().close();
        throw e;
      }
      if (method == Method.HEAD && !isEndpoint(next)) {
        return answer;
      }
      answer.body().close();
      uri = next;
    }
    throw new HubException(
        Fault.BAD_ANSWER,
        "the hub redirects more than %d times; see whether HF_ENDPOINT is right"
            .formatted(MOST_REDIRECTS));
  }

  private HttpRequest request(Method method, URI uri, Map<String, String> headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .method(method.name(), BodyPublishers.noBody())
            .header("Accept-Encoding", "identity")
            .header("User-Agent", "cotrace");
    headers.forEach(request::header);
    if (token.isPresent() && isEndpoint(uri)) {
      request.header("Authorization", token.get().authorization());
    }
    return request.build();
  }

  private HttpResponse<Body> send(HttpRequest request) throws PassingFault {
    CompletableFuture<HttpResponse<Body>> answer =
        client.sendAsync(request, _ -> new Body(settings.stallTimeout()));
    String host = request.uri().getAuthority();
    try {
      return answer.get(settings.answerTimeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while asking the hub");
    } catch (TimeoutException e) {
      answer.cancel(true);
      throw new PassingFault(
          Fault.NETWORK,
          "%s did not answer in %d s".formatted(host, settings.answerTimeout().toSeconds()),
          null);
    } catch (ExecutionException e) {
      throw PassingFault.unreached("%s cannot be reached (%s)".formatted(host, reason(e)));
    }
  }

  /**
   * Where a redirect leads.
   *
   * @throws HubException when it must not be followed
   */
  URI next(URI at, String location) throws HubException {
    URI next;
    try {
      next = at.resolve(new URI(location));
    } catch (URISyntaxException e) {
      throw refused("to something that is no address");
    }
    boolean web = "https".equalsIgnoreCase(next.getScheme());
    boolean plain = "http".equalsIgnoreCase(next.getScheme());
    if (next.getHost() == null || next.getRawUserInfo() != null || !(web || plain)) {
      throw refused("to an address that is not of the web");
    }
    if (plain && !"http".equals(settings.endpoint().getScheme())) {
      throw refused("from https to http");
    }
    return next;
  }

  private static HubException refused(String how) {
    return new HubException(
        Fault.BAD_ANSWER,
        "the hub redirects %s, which is not followed; see whether HF_ENDPOINT is right"
            .formatted(how));
  }

  /** Whether scheme, host and port are the endpoint's: the only server that may see the token. */
  private boolean isEndpoint(URI uri) {
    URI endpoint = settings.endpoint();
    return endpoint.getScheme().equalsIgnoreCase(uri.getScheme())
        && endpoint.getHost().equalsIgnoreCase(uri.getHost())
        && port(endpoint) == port(uri);
  }

  private static int port(URI uri) {
    int usual = "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
    return uri.getPort() < 0 ? usual : uri.getPort();
  }

  /** Why a connection failed, in a few words; the JDK's exceptions often have none. */
  static String reason(Throwable failure) {
    String words = "";
    for (Throwable e = failure; e != null; e = e.getCause()) {
      switch (e) {
        case UnresolvedAddressException _, UnknownHostException _ -> {
          return "no such host";
        }
        case ConnectException _ -> words = "no connection";
        case ExecutionException _ -> {}
        default -> words = e.getMessage() == null ? words : e.getMessage();
      }
    }
    // A server may have chosen some of the words: nothing that a terminal would obey.
    String plain = words.replaceAll("\\p{Cntrl}", " ").strip();
    String shown = plain.length() > 200 ? plain.substring(0, 200) + "…" : plain;
    return shown.isEmpty() ? failure.getClass().getSimpleName() : shown;
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
