package dev.cotrace.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.hub.HubException.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a pull leaves in the cache, however the connection behaves. */
class PullTest {
  private static final HubReference MODEL = HubReference.parse(FakeHub.NAME).orElseThrow();
  private static final byte[] WEIGHTS = bytes(300_000);

  @TempDir Path cache;
  private FakeHub server = FakeHub.start();

  @BeforeEach
  void storeModel() {
    server
        .small("config.json", "{\"model_type\": \"llama\"}")
        .small("README.md", "not needed")
        .large("model.safetensors", WEIGHTS)
        .large("pytorch_model.bin", bytes(10));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void theCacheIsLaidOutAsHuggingFaceDoes() throws IOException {
    CachedModel model = pull();

    Path repository = cache.resolve("models--org--name");
    Path snapshot = repository.resolve("snapshots").resolve(FakeHub.COMMIT);
    assertThat(model.directory()).isEqualTo(snapshot);
    assertThat(repository.resolve("refs/main")).hasContent(FakeHub.COMMIT);
    assertThat(names(snapshot)).containsExactly("config.json", "model.safetensors");
    assertThat(Files.readSymbolicLink(snapshot.resolve("model.safetensors")))
        .isEqualTo(Path.of("../../blobs", server.hashOf("model.safetensors")));
    assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(snapshot.resolve("config.json")).hasContent("{\"model_type\": \"llama\"}");
    assertThat(names(repository.resolve("blobs")))
        .containsExactlyInAnyOrder(
            server.hashOf("config.json"), server.hashOf("model.safetensors"));
    assertThat(repository.resolve(".no_exist").resolve(FakeHub.COMMIT).resolve("tokenizer.json"))
        .isEmptyFile();
    assertThat(cache.resolve("CACHEDIR.TAG")).content().startsWith("Signature: 8a477f59");
    assertThat(model.bytes()).isEqualTo(WEIGHTS.length + 23);
    assertThat(model.refs()).containsExactly("main");
  }

  @Test
  void aSecondPullAsksForNoContent() throws IOException {
    pull();
    int before = server.contentAsked("cdn").size();
    try (Hub hub = server.client(cache)) {
      Pull again = Pull.plan(hub, server.settings(cache), MODEL, FileChoice.MODEL);
      assertThat(again.missingBytes()).isZero();
      again.run(PullListener.SILENT);
    }
    assertThat(server.contentAsked("cdn")).hasSize(before);
  }

  @Test
  void contentOfTwoCommitsIsStoredOnce() throws IOException {
    Path blobs = Files.createDirectories(cache.resolve("models--org--name/blobs"));
    Files.write(blobs.resolve(server.hashOf("model.safetensors")), WEIGHTS);
    CachedModel model = pull();
    assertThat(server.contentAsked("cdn")).isEmpty();
    assertThat(model.directory().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
  }

  @Test
  void aPullRequestAndACommitAreRevisionsToo() throws IOException {
    CachedModel model = pull(MODEL.at("refs/pr/1"));
    assertThat(cache.resolve("models--org--name/refs/refs/pr/1")).hasContent(FakeHub.COMMIT);
    assertThat(model.refs()).containsExactly("refs/pr/1");
    pull(MODEL.at(FakeHub.COMMIT));
    assertThat(new HubCache(cache).find(MODEL.at(FakeHub.COMMIT))).isPresent();
    assertThat(new HubCache(cache).find(MODEL)).as("main was never pulled").isEmpty();
  }

  @Test
  void connectionsThatBreakAreTakenUpWhereTheyBroke() throws IOException {
    AtomicInteger cuts = new AtomicInteger();
    server.troubledBy((at, exchange) -> {
      if (at.equals("endpoint") || cuts.incrementAndGet() > 5) {
        return false;
      }
      String range = exchange.getRequestHeaders().getFirst("Range");
      int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
      if (from > 0) {
        exchange
            .getResponseHeaders()
            .set(
                "Content-Range",
                "bytes %d-%d/%d".formatted(from, WEIGHTS.length - 1, WEIGHTS.length));
        exchange.sendResponseHeaders(206, WEIGHTS.length - from);
      } else {
        exchange.sendResponseHeaders(200, WEIGHTS.length);
      }
      exchange.getResponseBody().write(WEIGHTS, from, 20_000);
      exchange.getResponseBody().flush();
      return true;
    });
    assertThat(pull().directory().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(server.contentAsked("cdn"))
        .extracting(FakeHub.Seen::range)
        .containsExactly(
            "", "bytes=20000-", "bytes=40000-", "bytes=60000-", "bytes=80000-", "bytes=100000-");
  }

  @Test
  void aServerThatIgnoresRangesIsReadFromTheStart() throws IOException {
    leavePart(Arrays.copyOf(WEIGHTS, 1000));
    server.troubledBy((at, exchange) -> {
      if (at.equals("cdn")) {
        FakeHub.send(exchange, 200, WEIGHTS);
      }
      return at.equals("cdn");
    });
    assertThat(pull().directory().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(server.contentAsked("cdn"))
        .singleElement()
        .extracting(FakeHub.Seen::range)
        .isEqualTo("bytes=1000-");
  }

  @Test
  void aServerThatSendsAnotherRangeIsAskedAgainFromTheStart() throws IOException {
    leavePart(Arrays.copyOf(WEIGHTS, 1000));
    server.troubledBy((at, exchange) -> {
      boolean wrong = at.equals("cdn") && exchange.getRequestHeaders().containsKey("Range");
      if (wrong) {
        exchange.getResponseHeaders().set("Content-Range", "bytes 0-999/" + WEIGHTS.length);
        FakeHub.send(exchange, 206, Arrays.copyOf(WEIGHTS, 1000));
      }
      return wrong;
    });
    assertThat(pull().directory().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
  }

  @Test
  void whatAnEarlierPullLeftDoesNotCountAsMissing() throws IOException {
    leavePart(Arrays.copyOf(WEIGHTS, 1000));
    try (Hub hub = server.client(cache)) {
      Pull pull = Pull.plan(hub, server.settings(cache), MODEL, FileChoice.MODEL);
      assertThat(pull.bytes() - pull.missingBytes()).isEqualTo(1000);
      assertThat(pull.files()).containsExactly("config.json", "model.safetensors");
    }
  }

  @Test
  void aSpoiltPartIsFetchedAnew() throws IOException {
    leavePart(new byte[1000]);
    List<String> said = new ArrayList<>();
    CachedModel model =
        pull(
            MODEL,
            new PullListener() {
              @Override
              public void say(String line) {
                said.add(line);
              }
            });
    assertThat(model.directory().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(said).containsExactly("model.safetensors is not what the hub has; starting over");
  }

  @Test
  void aPartThatIsLongerThanTheFileIsForgotten() throws IOException {
    leavePart(new byte[WEIGHTS.length + 1]);
    assertThat(pull().directory().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
  }

  @Test
  void contentWithAnotherHashIsThrownAway() {
    server.troubledBy((at, exchange) -> {
      if (at.equals("cdn")) {
        byte[] other = WEIGHTS.clone();
        other[WEIGHTS.length - 1] ^= 1;
        FakeHub.send(exchange, 200, other);
      }
      return at.equals("cdn");
    });
    refuses(Fault.BAD_ANSWER, "expected model.safetensors to hash to", "thrown away");
    assertThat(new HubCache(cache)).satisfies(c -> assertThat(c.find(MODEL)).isEmpty());
    assertThat(part()).isEmptyFile();
  }

  @Test
  void smallContentWithAnotherHashIsThrownAwayToo() {
    server.troubledBy((at, exchange) -> {
      boolean spoil =
          exchange.getRequestMethod().equals("GET")
              && exchange.getRequestURI().getPath().startsWith("/cache/");
      if (spoil) {
        FakeHub.send(exchange, 200, "{\"model_type\": \"gemma\"}");
      }
      return spoil;
    });
    refuses(Fault.BAD_ANSWER, "expected config.json to hash to");
  }

  @Test
  void moreBytesThanTheHubSaidAreNotWritten() {
    server.troubledBy((at, exchange) -> {
      if (at.equals("cdn")) {
        FakeHub.send(exchange, 200, bytes(10 * WEIGHTS.length));
      }
      return at.equals("cdn");
    });
    refuses(Fault.BAD_ANSWER, "expected 300,000 bytes of model.safetensors, got more");
    assertThat(part()).isEmptyFile();
  }

  @Test
  void aListingThatLiesAboutASizeIsNotFollowed() {
    String lie = server.listing().replace("\"size\":300000,\"p", "\"size\":3,\"p");
    server.troubledBy((_, exchange) -> {
      boolean lists = exchange.getRequestURI().getPath().startsWith("/api/models/");
      if (lists) {
        FakeHub.send(exchange, 200, lie);
      }
      return lists;
    });
    refuses(Fault.BAD_ANSWER, "size and hash of hf://org/name@" + FakeHub.COMMIT, "others");
    assertThat(cache).isEmptyDirectory();
  }

  @Test
  void aModelThatDoesNotFitIsNotBegun() {
    long huge = 1L << 60;
    String listing = server.listing().replace("\"size\":300000,\"p", "\"size\":" + huge + ",\"p");
    server.troubledBy((_, exchange) -> {
      String path = exchange.getRequestURI().getPath();
      if (path.startsWith("/api/models/")) {
        FakeHub.send(exchange, 200, listing);
        return true;
      }
      if (path.endsWith("/model.safetensors")) {
        exchange.getResponseHeaders().set("X-Linked-Etag", server.hashOf("model.safetensors"));
        exchange.getResponseHeaders().set("X-Linked-Size", "" + huge);
        FakeHub.redirect(exchange, 302, server.cdnAddress());
        return true;
      }
      return false;
    });
    refuses(Fault.STORAGE, "expected room for 1152.9 PB", "free");
    assertThat(server.contentAsked("cdn")).isEmpty();
  }

  @Test
  void aCacheThatCannotBeWrittenIsNamed() throws IOException {
    cache = Files.createFile(cache.resolve("file")).resolve("cache");
    refuses(Fault.STORAGE, "the hub cache " + cache + " cannot be written", "HF_HUB_CACHE");
  }

  @Test
  void withoutLinksFilesArePlain() throws IOException {
    HubSettings usual = server.settings(cache);
    HubSettings settings =
        new HubSettings(
            usual.endpoint(), cache, false, false, usual.answerTimeout(), usual.stallTimeout());
    for (int times = 0; times < 2; times++) {
      try (Hub hub = FakeHub.client(settings, Optional.empty())) {
        CachedModel model =
            Pull.plan(hub, settings, MODEL, FileChoice.MODEL).run(PullListener.SILENT);
        assertThat(model.directory().resolve("model.safetensors"))
            .hasBinaryContent(WEIGHTS)
            .satisfies(file -> assertThat(Files.isSymbolicLink(file)).isFalse());
      }
    }
    assertThat(names(cache.resolve("models--org--name/blobs"))).isEmpty();
    assertThat(server.contentAsked("cdn")).as("the second pull fetches nothing").hasSize(1);
  }

  @Test
  void pullsSideBySideFetchEveryFileOnce() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<CachedModel>> pulls =
          Stream.generate(() -> threads.submit(() -> pull())).limit(4).toList();
      for (Future<CachedModel> each : pulls) {
        assertThat(each.get().directory().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
      }
    }
    assertThat(server.contentAsked("cdn")).hasSize(1);
  }

  @Test
  void anEarlyEndKeepsWhatCame() throws IOException {
    long[] came = {0};
    PullListener impatient =
        new PullListener() {
          @Override
          public void progress(String file, long done, long size) {
            came[0] = file.equals("model.safetensors") ? done : 0;
          }

          @Override
          public boolean stopRequested() {
            return came[0] > 50_000;
          }
        };
    assertThatThrownBy(() -> pull(MODEL, impatient)).isInstanceOf(CancellationException.class);
    assertThat(Files.size(part())).isGreaterThan(50_000).isLessThan(WEIGHTS.length);
    assertThat(new HubCache(cache).find(MODEL)).as("nothing takes it for whole").isEmpty();
    assertThat(pull().directory().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(server.contentAsked("cdn").getLast().range()).startsWith("bytes=");
  }

  @Test
  void aLinkInTheSnapshotThatLeadsElsewhereIsNotFollowed(@TempDir Path elsewhere)
      throws IOException {
    server.small("sub/config.json", "{}");
    Path snapshot =
        Files.createDirectories(
            cache.resolve("models--org--name/snapshots").resolve(FakeHub.COMMIT));
    Files.createSymbolicLink(snapshot.resolve("sub"), elsewhere);
    FileChoice all = new FileChoice(List.of("*.json"), null);
    assertThatThrownBy(() -> pull(MODEL, all, PullListener.SILENT))
        .isInstanceOfSatisfying(
            HubException.class, e -> assertThat(e.fault()).isEqualTo(Fault.STORAGE))
        .hasMessageContaining("expected %s to be a directory", snapshot.resolve("sub"));
    assertThat(elsewhere).isEmptyDirectory();
  }

  @Test
  void namesThatDifferByCaseOnlyAndDirectoriesAreFine() throws IOException {
    server.small("a/B.json", "1").small("a/b.json", "2").small("a/c/ü %.json", "3");
    CachedModel model = pull(MODEL, new FileChoice(List.of("a/*"), null), PullListener.SILENT);
    assertThat(model.directory().resolve("a/B.json")).hasContent("1");
    assertThat(model.directory().resolve("a/b.json")).hasContent("2");
    assertThat(model.directory().resolve("a/c/ü %.json")).hasContent("3");
  }

  @Test
  void anEmptyFileIsAFile() throws IOException {
    server.small("added_tokens.json", "");
    assertThat(pull().directory().resolve("added_tokens.json")).isEmptyFile();
  }

  private CachedModel pull() throws IOException {
    return pull(MODEL);
  }

  private CachedModel pull(HubReference reference) throws IOException {
    return pull(reference, PullListener.SILENT);
  }

  private CachedModel pull(HubReference reference, PullListener listener) throws IOException {
    return pull(reference, FileChoice.MODEL, listener);
  }

  private CachedModel pull(HubReference reference, FileChoice choice, PullListener listener)
      throws IOException {
    try (Hub hub = server.client(cache)) {
      return Pull.plan(hub, server.settings(cache), reference, choice).run(listener);
    }
  }

  private void refuses(Fault fault, String... said) {
    assertThatThrownBy(this::pull)
        .isInstanceOfSatisfying(HubException.class, e -> assertThat(e.fault()).isEqualTo(fault))
        .message()
        .contains(said);
  }

  private Path part() {
    return cache
        .resolve("models--org--name/blobs")
        .resolve(server.hashOf("model.safetensors") + ".cotrace.incomplete");
  }

  private void leavePart(byte[] content) throws IOException {
    Files.createDirectories(part().getParent());
    Files.write(part(), content);
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    new SplittableRandom(7).nextBytes(bytes);
    return bytes;
  }
}
