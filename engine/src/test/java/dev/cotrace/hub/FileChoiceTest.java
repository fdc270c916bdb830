package dev.cotrace.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.hub.HubException.Fault;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileChoiceTest {
  private static final HubReference MODEL = HubReference.parse("org/name").orElseThrow();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          config.json model.safetensors README.md          | config.json model.safetensors
          model.safetensors consolidated.safetensors       | model.safetensors
          model.safetensors model.fp16.safetensors         | model.safetensors
          model.safetensors pytorch_model.bin a.gguf       | model.safetensors
          model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json | model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json
          model.safetensors model-00001-of-00002.safetensors | model.safetensors
          a.gguf config.json README.md                     | a.gguf config.json
          a.gguf sub/b.gguf sub/config.json config.json sub/model.safetensors a.gguf.txt | -
          onnx/model.safetensors model.safetensors tokenizer.json tokenizer_config.json chat_template.jinja vocab.json | model.safetensors tokenizer.json tokenizer_config.json chat_template.jinja
          """)
  void whatAModelNeedsIsChosen(String listed, String chosen) throws HubException {
    if (chosen.equals("-")) {
      refuses(FileChoice.MODEL, listed, Fault.NO_MODEL, "2 GGUF files", "a.gguf (1 B), sub/b.gguf");
    } else {
      assertThat(choose(FileChoice.MODEL, listed)).containsExactly(chosen.split(" "));
    }
  }

  @Test
  void oneOfSeveralGgufFilesIsAskedForByName() throws HubException {
    String listed = "a.gguf b.gguf config.json";
    refuses(
        FileChoice.MODEL, listed, Fault.NO_MODEL, "choose one with --gguf: a.gguf (1 B), b.gguf");
    assertThat(choose(new FileChoice(List.of(), "b.gguf"), listed))
        .containsExactly("b.gguf", "config.json");
    refuses(new FileChoice(List.of(), "c.gguf"), listed, Fault.NO_FILE, "has no file c.gguf");
  }

  @Test
  void allPartsOfASplitGgufAreOneModel() throws HubException {
    String[] parts = {"a-00001-of-00002.gguf", "a-00002-of-00002.gguf"};
    String listed = String.join(" ", parts);
    assertThat(choose(FileChoice.MODEL, listed)).containsExactly(parts);
    assertThat(choose(new FileChoice(List.of(), parts[0]), listed + " b.gguf"))
        .containsExactly(parts);
    refuses(FileChoice.MODEL, listed + " b.gguf", Fault.NO_MODEL, "choose one with --gguf");
  }

  @Test
  void picklesAreRefusedWithTheCommandThatConvertsThem() {
    refuses(
        FileChoice.MODEL,
        "config.json pytorch_model.bin model.pt",
        Fault.NO_MODEL,
        "pickled only (pytorch_model.bin (1 B), model.pt (1 B))",
        "from_pretrained('org/name', revision='main').save_pretrained('DIR')");
    refuses(new FileChoice(List.of("*.BIN", "*.bin"), null), "a.bin", Fault.NO_MODEL, "pickled");
    refuses(
        new FileChoice(List.of(), "a.bin"),
        "a.bin",
        Fault.NO_FILE,
        "expected --gguf to name a .gguf file");
  }

  @Test
  void aRepositoryWithoutAModelSaysWhatItHas() {
    refuses(
        FileChoice.MODEL,
        "adapter_model.safetensors README.md",
        Fault.NO_MODEL,
        "it has adapter_model.safetensors (1 B), README.md (1 B)");
    refuses(FileChoice.MODEL, "model.safetensors.index.json", Fault.NO_MODEL, "no shards");
    refuses(new FileChoice(List.of("*.npz"), null), "a b", Fault.NO_FILE, "has no file like *.npz");
  }

  @Test
  void patternsChooseAnythingButPickles() throws HubException {
    String listed = "a/b.npz a/c.txt a.npz x.bin [z].txt";
    assertThat(choose(new FileChoice(List.of("*.npz"), null), listed))
        .containsExactly("a/b.npz", "a.npz");
    assertThat(choose(new FileChoice(List.of("?.npz", "x*", "[z]*"), null), listed))
        .containsExactly("a.npz", "[z].txt");
    assertThat(choose(new FileChoice(List.of("*"), null), listed))
        .doesNotContain("x.bin")
        .hasSize(4);
    assertThatIllegalArgumentException().isThrownBy(() -> new FileChoice(List.of("*"), "a.gguf"));
  }

  private static List<String> choose(FileChoice choice, String listed) throws HubException {
    return choice.of(listing(listed), MODEL).stream().map(Listing.Listed::name).toList();
  }

  private static void refuses(FileChoice choice, String listed, Fault fault, String... said) {
    assertThatThrownBy(() -> choose(choice, listed))
        .isInstanceOfSatisfying(HubException.class, e -> assertThat(e.fault()).isEqualTo(fault))
        .message()
        .contains(said);
  }

  private static Listing listing(String names) {
    return new Listing(
        FakeHub.COMMIT,
        Stream.of(names.split(" ")).map(name -> new Listing.Listed(name, 1, null)).toList());
  }
}
