package dev.cotrace.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A run whose prompts and samples are what an attacker, or an odd model, might write. */
final class HostileRun {
  /** Texts that would run, or break the page, where they are not shown as text alone. */
  static final List<String> TEXTS =
      List.of(
          "</script><script>window.owned = 1</script>",
          "<img src=x onerror=\"window.owned = 1\">",
          "<!--<script>",
          "]]>{{script}}{{data}}",
          "javascript:window.owned=1",
          "\u202Eright to left\u2066",
          "\u0000\u0007\u001b[31m\r\n\t",
          "\uD83D",
          "\uDE00",
          "\u2028\u2029\uFEFF\u200B",
          "=HYPERLINK(\"http://x\")");

  /** Tokens of the first pair's prompt. */
  static final int LENGTH = 10_000;

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private HostileRun() {}

  /** Copies {@code run} to {@code copy} with such texts in place of its own. */
  static void make(Path run, Path copy) throws IOException {
    Files.createDirectories(copy.resolve("evaluation"));
    try (Stream<Path> files = Files.list(run)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    List<String> lines = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("rollouts.jsonl"))) {
      ObjectNode json = (ObjectNode) JSON.readTree(line);
      boolean first = json.path("pair").stringValue().equals("1");
      json.put("pair", TEXTS.getFirst() + json.path("pair").stringValue());
      for (String part : List.of("clean", "corrupted", "answer", "wrong", "sampled")) {
        if (first && part.equals("clean") && json.has("clean_ids")) {
          lengthen(json);
        } else if (json.path(part + "_tokens") instanceof ArrayNode tokens) {
          IntStream.range(0, tokens.size())
              .forEach(i -> tokens.set(i, TEXTS.get(i % TEXTS.size())));
        }
      }
      lines.add(JSON.writeValueAsString(json));
    }
    Files.write(copy.resolve("rollouts.jsonl"), lines);
    ObjectNode evaluation =
        (ObjectNode) JSON.readTree(Files.readString(run.resolve("evaluation/evaluation.json")));
    evaluation
        .path("circuits")
        .forEach(circuit ->
            circuit
                .path("examples")
                .forEach(example -> ((ObjectNode) example).put("text", String.join("", TEXTS))));
    Files.writeString(
        copy.resolve("evaluation/evaluation.json"), JSON.writeValueAsString(evaluation));
  }

  private static void lengthen(ObjectNode pair) {
    ArrayNode ids = pair.putArray("clean_ids");
    ArrayNode tokens = pair.putArray("clean_tokens");
    for (int i = 0; i < LENGTH; i++) {
      ids.add(1);
      tokens.add(TEXTS.get(i % TEXTS.size()));
    }
  }
}
