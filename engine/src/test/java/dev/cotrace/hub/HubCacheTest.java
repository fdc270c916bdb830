package dev.cotrace.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Caches as Python's huggingface_hub leaves them, and what else lies about. */
class HubCacheTest {
  private static final String A = "a".repeat(40);
  private static final String B = "b".repeat(40);

  @TempDir Path root;

  @Test
  void aBranchIsTheCommitThatItsRefSays() throws IOException {
    store("org--name", A, "config.json", "{}");
    store("org--name", B, "model.gguf", "four");
    refer("org--name", "main", B);
    refer("org--name", "refs/pr/1", A);
    CachedModel main = find("org/name");
    assertThat(main.commit()).isEqualTo(B);
    assertThat(main.bytes()).isEqualTo(4);
    assertThat(main.refs()).containsExactly("main");
    assertThat(find("org/name@refs/pr/1").commit()).isEqualTo(A);
    assertThat(find("org/name@" + A).refs()).containsExactly("refs/pr/1");
    assertThat(cache().find(reference("org/name@v2"))).isEmpty();
    assertThat(cache().find(reference("org/other"))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "../../..", "AAAA", "a/b"})
  void aRefThatHoldsNoCommitLeadsNowhere(String content) throws IOException {
    store("org--name", A, "config.json", "{}");
    refer("org--name", "main", content);
    assertThat(cache().find(reference("org/name"))).isEmpty();
  }

  @Test
  void everyCommitOfEveryModelIsListed() throws IOException {
    store("gpt2", A, "config.json", "{}");
    store("org--name", B, "config.json", "{}");
    store("org--name", A, "config.json", "{}");
    store("org--name", "unfinished", "config.json", "{}");
    Files.createDirectories(root.resolve("datasets--org--name/snapshots").resolve(A));
    Files.createDirectories(root.resolve(".locks/models--org--name"));
    Files.createFile(root.resolve("CACHEDIR.TAG"));
    assertThat(cache().models())
        .extracting(model -> model.repository() + " " + model.commit().charAt(0))
        .containsExactly("gpt2 a", "org/name a", "org/name b");
    assertThat(new HubCache(root.resolve("nowhere")).models()).isEmpty();
  }

  @Test
  void aLinkThatLeadsNowhereIsNoFile() throws IOException {
    store("org--name", A, "config.json", "{}");
    Path snapshot = root.resolve("models--org--name/snapshots").resolve(A);
    Files.createSymbolicLink(snapshot.resolve("model.safetensors"), Path.of("../../blobs/gone"));
    lacks("org/name@" + A, "not its weights", "run cotrace pull org/name@" + A);
  }

  @Test
  void aModelThatIsThereInPartIsNotTakenForWhole() throws IOException {
    store("org--name", A, "config.json", "{}");
    lacks("org/name@" + A, "not its weights");
    store("org--name", A, "model-00002-of-00003.safetensors", "");
    store("org--name", A, "model-00001-of-00003.safetensors", "");
    lacks("org/name@" + A, "not its model-00003-of-00003.safetensors");
    store("org--name", A, "model-00003-of-00003.safetensors", "");
    HubReference reference = reference("org/name@" + A);
    assertThat(find(reference.toString()).path(reference))
        .isEqualTo(root.resolve("models--org--name/snapshots").resolve(A));
  }

  @Test
  void oneFileIsNamedByItsAddress() throws IOException {
    store("org--name", A, "b.gguf", "");
    HubReference reference = reference("hf://org/name@" + A + "/b.gguf");
    assertThat(find(reference.url()).path(reference)).isEmptyFile().hasFileName("b.gguf");
    lacks("hf://org/name@" + A + "/c.gguf", "not its c.gguf", "run cotrace pull hf://org/name@");
  }

  private void lacks(String text, String... said) {
    HubReference reference = reference(text);
    assertThatThrownBy(() -> find(text).path(reference))
        .isInstanceOfSatisfying(
            HubException.class, e -> assertThat(e.fault()).isEqualTo(HubException.Fault.NOT_CACHED))
        .message()
        .contains(said);
  }

  private HubCache cache() {
    return new HubCache(root);
  }

  private CachedModel find(String text) throws IOException {
    return cache().find(reference(text)).orElseThrow();
  }

  private static HubReference reference(String text) {
    return HubReference.parse(text).orElseThrow();
  }

  /** Stores as Python does: content in blobs, a relative link in the snapshot. */
  private void store(String folder, String commit, String file, String content) throws IOException {
    Path repository = root.resolve("models--" + folder);
    Path blobs = Files.createDirectories(repository.resolve("blobs"));
    String hash = FakeHub.gitHash(content.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    Files.writeString(blobs.resolve(hash), content);
    Path snapshot = Files.createDirectories(repository.resolve("snapshots").resolve(commit));
    Files.createSymbolicLink(snapshot.resolve(file), Path.of("../../blobs", hash));
  }

  private void refer(String folder, String ref, String content) throws IOException {
    Path file = root.resolve("models--" + folder).resolve("refs").resolve(ref);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }
}
