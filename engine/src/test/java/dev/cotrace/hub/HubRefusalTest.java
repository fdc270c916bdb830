package dev.cotrace.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.format.Damage;
import dev.cotrace.format.Mutations;
import dev.cotrace.hub.HubException.Fault;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said, and what is not done, when a hub refuses, fails, or lies. */
class HubRefusalTest {
  private static final HubReference MODEL = HubReference.parse(FakeHub.NAME).orElseThrow();

  @TempDir Path cache;
  private final FakeHub server =
      FakeHub.start().small("config.json", "{}").large("a.gguf", new byte[9]);

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void theTokenReachesTheEndpointAndNobodyElse() throws IOException {
    server.gated();
    assertThat(pull(server.settings(cache), FakeHub.token()).bytes()).isEqualTo(11);
    assertThat(server.seen())
        .filteredOn(each -> each.server().equals("endpoint"))
        .isNotEmpty()
        .allSatisfy(each -> assertThat(each.authorization()).isEqualTo("Bearer hf_secret"));
    assertThat(server.seen())
        .filteredOn(each -> each.server().equals("cdn"))
        .isNotEmpty()
        .allSatisfy(each -> assertThat(each.authorization()).isEmpty());
  }

  @Test
  void aGatedModelNamesThePageToAcceptItsLicenceOn() {
    server.gated();
    refuses(
        MODEL,
        Fault.FORBIDDEN,
        "org/name wants its licence accepted: open %s/org/name",
        "set HF_TOKEN");
  }

  @Test
  void aTokenOfAnotherAccountIsNotRepeated() throws IOException {
    server.gated();
    Optional<HubToken> token = HubToken.of(Map.of("HF_TOKEN", "hf_other"), Path.of(""));
    assertThatThrownBy(() -> pull(server.settings(cache), token))
        .hasMessageContaining("wants its licence accepted")
        .hasMessageContaining("give a token of that account that may read the model in HF_TOKEN")
        .message()
        .doesNotContain("hf_other");
    assertThat(token.orElseThrow()).hasToString("HubToken[hidden]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          401 |              | false | NO_REPOSITORY | the hub has no model org/name, or hides it from you
          401 | RepoNotFound | false | NO_REPOSITORY | if it is private or gated set HF_TOKEN
          401 |              | true  | FORBIDDEN     | does not take the token
          403 |              | true  | FORBIDDEN     | wants its licence accepted
          403 | DisabledRepo | false | FORBIDDEN     | was disabled by the hub
          404 |              | false | NO_REPOSITORY | the hub has no model org/name
          451 |              | false | BAD_ANSWER    | got status 451
          500 |              | false | NETWORK       | answers org/name with status 500, 3 times in a row
          503 |              | false | NETWORK       | try again later
          429 |              | false | BUSY          | status 429, 3 times in a row
          """)
  void everyStatusIsASentence(int status, String code, boolean token, Fault fault, String said)
      throws IOException {
    server.troubledBy((_, exchange) -> {
      FakeHub.refuse(exchange, status, code == null ? "" : code);
      return true;
    });
    Optional<HubToken> sent = token ? FakeHub.token() : Optional.empty();
    assertThatThrownBy(() -> pull(server.settings(cache), sent))
        .isInstanceOfSatisfying(HubException.class, e -> assertThat(e.fault()).isEqualTo(fault))
        .hasMessageContaining(said);
  }

  @Test
  void missingRepositoriesRevisionsAndFilesAreToldApart() {
    refuses(reference("org/other"), Fault.NO_REPOSITORY, "the hub has no model org/other");
    refuses(
        reference("org/name@v2"),
        Fault.NO_REVISION,
        "org/name has no branch, tag or commit v2; see %s/org/name/tree/main");
    server.troubledBy((_, exchange) -> {
      boolean head = exchange.getRequestMethod().equals("HEAD");
      if (head) {
        FakeHub.refuse(exchange, 404, "EntryNotFound");
      }
      return head;
    });
    refuses(MODEL, Fault.NO_FILE, "org/name has no file config.json at 0123456789");
  }

  @Test
  void passingFailuresAreSatOut() throws IOException {
    Set<String> asked = ConcurrentHashMap.newKeySet();
    server.troubledBy((at, exchange) -> {
      if (!asked.add(exchange.getRequestMethod() + exchange.getRequestURI())) {
        return false;
      }
      exchange.getResponseHeaders().set("Retry-After", asked.size() % 2 == 0 ? "0" : soon());
      exchange.sendResponseHeaders(at.equals("cdn") ? 502 : 429, -1);
      return true;
    });
    assertThat(pull(server.settings(cache), Optional.empty()).bytes()).isEqualTo(11);
    assertThat(asked).as("listing, two files' facts and content").hasSize(8);
  }

  private static String soon() {
    return DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC));
  }

  @Test
  void aServerThatAsksForALongPauseIsNotWaitedFor() {
    server.troubledBy((_, exchange) -> {
      exchange.getResponseHeaders().set("Retry-After", "3600");
      exchange.sendResponseHeaders(429, -1);
      return true;
    });
    refuses(MODEL, Fault.BUSY, "status 429 and asks to wait 3600 s; try again later");
    assertThat(server.seen()).hasSize(1);
  }

  @Test
  void aServerThatStallsIsGivenUp() {
    server.troubledBy((at, exchange) -> {
      if (at.equals("cdn")) {
        exchange.sendResponseHeaders(200, 9);
        exchange.getResponseBody().write(1);
        exchange.getResponseBody().flush();
        pause();
      }
      return at.equals("cdn");
    });
    refuses(MODEL, Fault.NETWORK, "the hub sent nothing for 0 s");
  }

  @Test
  void aServerThatNeverAnswersIsGivenUp() {
    HubSettings usual = server.settings(cache);
    server.troubledBy((_, _) -> {
      pause();
      return true;
    });
    HubSettings hurried =
        new HubSettings(
            usual.endpoint(), cache, false, true, Duration.ofMillis(100), usual.stallTimeout());
    assertThatThrownBy(() -> pull(hurried, Optional.empty()))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("did not answer in 0 s, 3 times in a row");
  }

  private static void pause() {
    try {
      Thread.sleep(3000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aServerThatIsNotThereIsNamed() {
    HubSettings settings = server.settings(cache);
    server.close();
    assertThatThrownBy(() -> pull(settings, Optional.empty()))
        .isInstanceOfSatisfying(
            HubException.class, e -> assertThat(e.fault()).isEqualTo(Fault.NETWORK))
        .hasMessageContaining("127.0.0.1:")
        .hasMessageContaining("cannot be reached (no connection); try again later");
  }

  @Test
  void whatAServerSaysReachesNoTerminalAsItIs() {
    assertThat(Requests.reason(new IOException("bad: \u001b[2J\r\nroot")))
        .isEqualTo("bad:  [2J  root");
    assertThat(Requests.reason(new IOException("x".repeat(5000)))).hasSize(201);
    assertThat(Requests.reason(new IOException())).isEqualTo("IOException");
  }

  @Test
  void redirectsWithoutEndEnd() {
    server.troubledBy((_, exchange) -> {
      FakeHub.redirect(exchange, 302, exchange.getRequestURI().getPath());
      return true;
    });
    refuses(MODEL, Fault.BAD_ANSWER, "the hub redirects more than 8 times");
    assertThat(server.seen()).hasSize(9);
  }

  @ParameterizedTest
  @CsvSource({
    "file:///etc/passwd, not of the web",
    "http://user:word@127.0.0.1/, not of the web",
    "ftp://127.0.0.1/, not of the web",
    "http://a b/, no address",
    "http:///x, not of the web"
  })
  void redirectsOutOfTheWebAreNotFollowed(String to, String said) {
    server.troubledBy((_, exchange) -> {
      FakeHub.redirect(exchange, 302, to);
      return true;
    });
    refuses(MODEL, Fault.BAD_ANSWER, said);
    assertThat(server.seen()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "https://hub.example, http://hub.example/x,  from https to http",
    "https://hub.example, https://cdn.example/x, ",
    "https://hub.example, /x,                    ",
    "https://hub.example, //cdn.example/x,       ",
    "http://hub.example,  http://cdn.example/x,  ",
    "http://hub.example,  https://cdn.example/x, "
  })
  void anEncryptedHubRedirectsToNoPlainServer(String endpoint, String to, String said)
      throws IOException {
    HubSettings settings = HubSettings.of(Map.of("HF_ENDPOINT", endpoint), cache);
    try (Requests requests = new Requests(settings, Optional.empty())) {
      URI at = URI.create(endpoint + "/a");
      if (said == null) {
        assertThat(requests.next(at, to)).isEqualTo(at.resolve(to));
      } else {
        assertThatThrownBy(() -> requests.next(at, to)).hasMessageContaining(said);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../x",
        "a/../../x",
        "/etc/x",
        "..",
        ".",
        "a//b",
        "a/",
        "C:/x",
        "C:x",
        "a\\\\..\\\\x",
        "a\\u0000b",
        "a\\u001b[2Jb",
        "a\\u202eb",
        ""
      })
  void namesThatLeadElsewhereAreRefused(String name) {
    String hostile = server.listing().replace("a.gguf", name);
    answerListing(hostile);
    refuses(MODEL, Fault.BAD_ANSWER, "a name that could lead out of the cache");
    assertThat(server.seen()).hasSize(1);
    assertThat(cache).isEmptyDirectory();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          <html>                                                             | text that is no JSON
          {}                                                                 | no commit and no files
          {"sha":"../..","siblings":[]}                                      | no commit and no files
          {"sha":"0123456789abcdef0123456789abcdef01234567","siblings":{}}   | no commit and no files
          {"sha":"0123456789abcdef0123456789abcdef01234567","siblings":[{"rfilename":"a"},{"rfilename":"a"}]} | the file 'a' twice
          """)
  void answersThatListNothingAreRefused(String answer, String said) {
    answerListing(answer);
    refuses(MODEL, Fault.BAD_ANSWER, said);
  }

  @Test
  void anotherCommitThanAskedForIsRefused() {
    answerListing(server.listing());
    String other = "f".repeat(40);
    refuses(
        reference("org/name@" + other),
        Fault.BAD_ANSWER,
        "expected the hub to list org/name@" + other,
        "got commit " + FakeHub.COMMIT);
  }

  @Test
  void aListingWithoutEndIsNotRead() {
    server.troubledBy((_, exchange) -> {
      exchange.sendResponseHeaders(200, 0);
      byte[] piece = "[[[[[[[[".repeat(1 << 14).getBytes(StandardCharsets.US_ASCII);
      for (int i = 0; i < 1000; i++) {
        exchange.getResponseBody().write(piece);
      }
      return true;
    });
    refuses(MODEL, Fault.BAD_ANSWER, "at most 32 MiB");
  }

  @Test
  void aListingOfTooManyFilesAndOneTooDeepAreRefused() {
    String file = "{\"rfilename\":\"%d\"}";
    StringBuilder many = new StringBuilder(file.formatted(0));
    for (int i = 1; i <= 100_000; i++) {
      many.append(',').append(file.formatted(i));
    }
    answerListing("{\"sha\":\"%s\",\"siblings\":[%s]}".formatted(FakeHub.COMMIT, many));
    refuses(MODEL, Fault.BAD_ANSWER, "100,001 files");
    answerListing("[".repeat(1 << 20));
    refuses(MODEL, Fault.BAD_ANSWER, "no JSON");
  }

  @Test
  void headersWithoutEndAreNotRead() {
    server.troubledBy((_, exchange) -> {
      exchange.getResponseHeaders().set("X-Long", "x".repeat(1 << 20));
      exchange.sendResponseHeaders(200, -1);
      return true;
    });
    refuses(MODEL, Fault.NETWORK, "cannot be reached");
  }

  @Test
  void aFileWithoutAHashIsRefused() {
    server.troubledBy((_, exchange) -> {
      String path = exchange.getRequestURI().getPath();
      if (path.startsWith("/api/models/")) {
        FakeHub.send(
            exchange,
            200,
            "{\"sha\":\"%s\",\"siblings\":[{\"rfilename\":\"a.gguf\"}]}".formatted(FakeHub.COMMIT));
        return true;
      }
      exchange.getResponseHeaders().set("ETag", "\"abc\"");
      FakeHub.send(exchange, 200, "x");
      return true;
    });
    refuses(MODEL, Fault.BAD_ANSWER, "size and hash of hf://org/name@", "got none");
  }

  @Test
  void offlineNothingIsAsked() throws IOException {
    HubSettings usual = server.settings(cache);
    HubSettings offline =
        new HubSettings(
            usual.endpoint(), cache, true, true, usual.answerTimeout(), usual.stallTimeout());
    assertThatThrownBy(() -> pull(offline, Optional.empty()))
        .isInstanceOfSatisfying(
            HubException.class, e -> assertThat(e.fault()).isEqualTo(Fault.OFFLINE))
        .hasMessageContaining("HF_HUB_OFFLINE");
    assertThat(server.seen()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void damagedListingsAreReadOrRefused(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    server.small("tokenizer.json", "[]").large("b/ü.safetensors", new byte[3]);
    byte[] sound = server.listing().getBytes(StandardCharsets.UTF_8);
    int refused = 0;
    for (int i = 0; i < Damage.times(2500); i++) {
      try {
        for (Listing.Listed file : Listing.parse(Mutations.damage(sound, random)).files()) {
          Path path = cache.resolve(file.name());
          assertThat(path.normalize()).isEqualTo(path);
          assertThat(path.startsWith(cache)).as(file.name()).isTrue();
        }
      } catch (HubException e) {
        assertThat(e.fault()).isEqualTo(Fault.BAD_ANSWER);
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(Damage.times(1000));
  }

  private void answerListing(String answer) {
    server.troubledBy((_, exchange) -> {
      FakeHub.send(exchange, 200, answer);
      return true;
    });
  }

  private static HubReference reference(String text) {
    return HubReference.parse(text).orElseThrow();
  }

  private CachedModel pull(HubSettings settings, Optional<HubToken> token) throws IOException {
    return pull(MODEL, settings, token);
  }

  private CachedModel pull(HubReference model, HubSettings settings, Optional<HubToken> token)
      throws IOException {
    try (Hub hub = FakeHub.client(settings, token)) {
      return Pull.plan(hub, settings, model, FileChoice.MODEL).run(PullListener.SILENT);
    }
  }

  private void refuses(HubReference model, Fault fault, String... said) {
    assertThatThrownBy(() -> pull(model, server.settings(cache), Optional.empty()))
        .isInstanceOfSatisfying(HubException.class, e -> assertThat(e.fault()).isEqualTo(fault))
        .satisfies(e -> {
          for (String part : said) {
            assertThat(e).hasMessageContaining(part.replace("%s", server.address()));
          }
        });
  }
}
