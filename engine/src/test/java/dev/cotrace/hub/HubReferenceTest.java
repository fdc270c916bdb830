package dev.cotrace.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubReferenceTest {
  private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  @ParameterizedTest
  @CsvSource({
    "gpt2,                               gpt2,      main,      ",
    "org/name,                           org/name,  main,      ",
    "Org-1/Na.me_2,                      Org-1/Na.me_2, main,  ",
    "org/name@v1.0,                      org/name,  v1.0,      ",
    "org/name@refs/pr/1,                 org/name,  refs/pr/1, ",
    "hf://gpt2,                          gpt2,      main,      ",
    "hf://org/name,                      org/name,  main,      ",
    "hf://org/name@" + COMMIT + ",       org/name,  " + COMMIT + ", ",
    "hf://org/name/a.gguf,               org/name,  main,      a.gguf",
    "hf://org/name@v1/sub/a.gguf,        org/name,  v1,        sub/a.gguf",
    "hf://org/name@refs/pr/1/a.gguf,     org/name,  refs/pr/1, a.gguf"
  })
  void modelsAreNamedAsPythonNamesThem(String text, String name, String revision, String file) {
    HubReference reference = HubReference.parse(text).orElseThrow();
    assertThat(reference.repository()).hasToString(name);
    assertThat(reference.revision()).isEqualTo(revision);
    assertThat(reference.file()).isEqualTo(file);
    assertThat(HubReference.parse(reference.url())).contains(reference);
    assertThat(HubReference.parse(reference.toString())).contains(reference);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/abs/olute",
        "./here",
        "../there",
        "a/b/c",
        "models/",
        "~/model",
        "C:\\models",
        "a b",
        "",
        "a--b/c",
        "org/name.git",
        "-a/b",
        "a/b-",
        "a/.b",
        "org/na..me",
        "@main",
        "ü/b"
      })
  void allElseCanOnlyBeAPath(String text) {
    assertThat(HubReference.parse(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hf://", "hf://datasets/org/name", "hf://spaces/org/name", "hf:///x", "hf://org/name/../x",
        "hf://org/name@", "hf://org/name/", "hf://org/name//x", "hf://-a/b", "hf://a@b@c/d@e@f"
      })
  void anAddressThatIsWrongIsNotTakenForAPath(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> HubReference.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../x", "a/../b", "/a", "a/", "a//b", "a b", "a/.b", "a\u0000", "a:b", "a\\b", ".."
      })
  void revisionsStayInTheirFolder(String revision) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HubReference.parse("org/name@" + revision))
        .withMessageContaining("expected a branch, tag or commit after org/name@");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "org/name", "a-b/c-d", "a_/_b"})
  void aFolderSaysWhichModelItIs(String name) {
    RepositoryName repository = new RepositoryName(name);
    assertThat(RepositoryName.ofFolder(repository.folder())).contains(repository);
    assertThat(repository.folder()).isEqualTo("models--" + name.replace("/", "--"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "datasets--org--name",
        "models--",
        "models--a--b--c",
        ".locks",
        "models--..",
        "models--a--..--b"
      })
  void otherFoldersAreNoModels(String folder) {
    assertThat(RepositoryName.ofFolder(folder)).isEmpty();
  }
}
