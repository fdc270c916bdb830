package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.TerminalText;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A model that writes what terminals obey, and a task that does: neither gets through. */
class HostileTextTest {
  /** Clears the screen, in two spellings, and turns text around. */
  private static final String ATTACK = "\u001B[2J\u009B2J\u202E\u2066\uDB40\uDC41\r\u0007";

  private static final Pattern OBEYED =
      Pattern.compile("[\\p{Cc}\\p{Cf}\\u0080-\\u009F\\u2028\\u2029&&[^\\n\\t]]");
  private static final Pattern COLOUR = Pattern.compile("\u001B\\[[0-9;]*m");
  private static final Path MODELS =
      Path.of(System.getProperty("cotrace.root", "..")).resolve("models");
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void makeModelAndTask() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    for (String name : List.of("config.json", "model.safetensors", "tokenizer_config.json")) {
      Files.copy(MODELS.resolve("arithmetic").resolve(name), model.resolve(name));
    }
    String tokenizer = Files.readString(MODELS.resolve("arithmetic/tokenizer.json"));
    Files.writeString(
        model.resolve("tokenizer.json"),
        tokenizer.replace("\">\":", JSON.writeValueAsString(ATTACK) + ":"));
    Files.writeString(
        folder.resolve("task.jsonl"),
        "{\"id\": %s, \"clean\": \"S8507h8:\", \"corrupted\": \"S8207h8:\", \"answer\": \"0\"}\n"
            .formatted(JSON.writeValueAsString("pair " + ATTACK)));
    Files.writeString(folder.resolve("task.yaml"), "stop: \"=\"\nmax-new-tokens: 16\n");
  }

  @Test
  void nothingThatAModelOrATaskSaysIsObeyed() {
    cotrace("sample", "--show-tokens");
    assertThat(out.toString()).contains("\\u001B[2J\\u009B2J\\u202E\\u2066\\uDB40\\uDC41\\u000D");
    cotrace("sample", "--json");
    JsonNode sampled = JSON.readTree(out.toString()).at("/transcripts/0");
    assertThat(sampled.path("text").asString()).as("JSON loses nothing").contains(ATTACK);
    assertThat(sampled.path("pair").asString()).isEqualTo("pair " + ATTACK);
    Path run = folder.resolve("run");
    cotrace(
        "discover",
        "--out",
        run + "",
        "--rollouts",
        "2",
        "--repeats",
        "2",
        "--quadrature",
        "midpoint",
        "--points",
        "1",
        "--reference",
        "sentences",
        "--reference-continuations",
        "2",
        "--bins",
        "step");
    cotrace("discover", "--show-tokens");
    cotrace("discover", "--show-tokens", "--json");
    assertThat(JSON.readTree(out.toString()).at("/pairs/0/pair").asString()).contains(ATTACK);
    cotrace("discover", "--print-spec", "--json");
    assertThat(JSON.readTree(out.toString()).path("max-new-tokens").asInt()).isEqualTo(16);
    cotrace("compare", "full", "0.3", "--rollouts", "2");
    cotrace("compare", "full", "0.3", "--rollouts", "2", "--json");
    printed("evaluate", run + "", "--sizes", "50%", "--removals", "1", "--knockouts", "1");
    printed("evaluate", run + "", "--sizes", "50%", "--json");
    printed("show", run + "");
    assertThat(out.toString()).contains("Transcript", "\\u001B[2J");
    printed("show", run + "", "--color", "always");
    printed("show", run + "", "--json");
    printed("info", run + "");
    printed("logits", folder.resolve("model") + "", "--ids", "10,14,14", "--top", "18");
    printed("logits", folder.resolve("model") + "", "--ids", "10,14", "--all", "--json");
    printed("info", folder.resolve("model") + "", "--text", "S85");
    printed("doctor", folder.resolve("model") + "");
  }

  @Test
  void errorsAreSafeToo() throws IOException {
    Path task = folder.resolve("task.jsonl");
    Files.writeString(task, Files.readString(task).replace("S8207h8:", "S8207h"));
    run("sample", "--model", folder.resolve("model") + "", "--task", task + "");
    assertThat(err.toString()).contains("cotrace: ");
    Files.writeString(task, "{\"clean\": \"x\"" + ATTACK + "\n");
    run("sample", "--model", folder.resolve("model") + "", "--task", task + "");
    assertThat(err.toString()).contains("cotrace: ");
    run("sample", "--" + ATTACK);
    assertThat(err.toString()).contains("\\u001B[2J");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "plain ünï 日本 \uD83D\uDE00", "\uD83D", ATTACK, "a\nb\tc\\d"})
  void textIsSafeAndElseAsItWas(String text) {
    assertThat(OBEYED.matcher(TerminalText.lines(text)).find()).isFalse();
    assertThat(TerminalText.line(text)).doesNotContain("\n", "\t");
    String json = JSON.writeValueAsString(text);
    StringWriter whole = new StringWriter();
    PrintWriter safe = SafeWriter.to(new PrintWriter(whole));
    // Halves of a character may come one by one.
    json.chars().forEach(safe::write);
    safe.flush();
    assertThat(JSON.readTree(whole.toString()).asString()).isEqualTo(text);
    assertThat(OBEYED.matcher(whole.toString()).find()).isFalse();
  }

  /** A command on the model and the task. */
  private void cotrace(String command, String... arguments) {
    List<String> all =
        new ArrayList<>(
            List.of("--model", folder.resolve("model") + "", "--task", folder + "/task.jsonl"));
    all.addAll(List.of(arguments));
    printed(command, all.toArray(String[]::new));
  }

  private void printed(String command, String... arguments) {
    assertThat(run(command, arguments)).as(err.toString()).isZero();
  }

  private int run(String command, String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    List<String> all = new ArrayList<>(List.of(command));
    all.addAll(List.of(arguments));
    int code =
        Main.commandLine(new Interruption())
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(all.toArray(String[]::new));
    String shown = COLOUR.matcher(out.toString()).replaceAll("") + err;
    boolean colored = all.contains("always");
    assertThat(OBEYED.matcher(colored ? shown : out.toString() + err).find())
        .as("%s prints %s", all, shown)
        .isFalse();
    return code;
  }
}
