package dev.cotrace.task.generator;

import dev.cotrace.rollout.PromptPair;
import dev.cotrace.task.TextCodec;
import dev.cotrace.task.generator.PairKind.Reading;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A task as it is written to files.
 *
 * @param lines of the file of pairs, one JSON object each
 * @param settings by key, for the YAML beside it
 * @param pairs the same in tokens
 */
public record GeneratedTask(
    List<String> lines, Map<String, Object> settings, List<PromptPair> pairs) {
  private static final JsonMapper JSON = new JsonMapper();

  private record Answers(int[] right, int[] wrong) {}

  static GeneratedTask of(PairKind kind, TextCodec codec, Fit fit, List<Draft> drafts) {
    boolean spaced = kind.answers().spaced();
    List<Answers> answers =
        drafts.stream()
            .map(draft ->
                new Answers(fit.answer(draft.answer(), spaced), fit.answer(draft.wrong(), spaced)))
            .toList();
    int[] space = space(codec, answers);
    List<String> lines = new ArrayList<>();
    List<PromptPair> pairs = new ArrayList<>();
    for (int i = 0; i < drafts.size(); i++) {
      ObjectNode line = JSON.createObjectNode();
      String clean = drafts.get(i).clean().text();
      String corrupted = drafts.get(i).corrupted().text();
      PromptPair pair =
          new PromptPair(
              "%s-%d".formatted(kind.name(), i + 1),
              fit.prompt(clean),
              fit.prompt(corrupted),
              after(space, answers.get(i).right),
              after(space, answers.get(i).wrong));
      line.put("id", pair.id());
      line.put("clean", clean);
      line.put("corrupted", corrupted);
      put(line, "answer", codec, pair.answer());
      put(line, "wrong", codec, pair.wrong());
      lines.add(line.toString());
      pairs.add(pair);
    }
    return new GeneratedTask(lines, settings(kind.reading(), codec, fit.prefix(), space), pairs);
  }

  /**
   * The tokens of space that all answers begin with: they are fed before the answer, so that the
   * answer itself takes as few tokens as it can.
   */
  private static int[] space(TextCodec codec, List<Answers> answers) {
    int[] space = answers.getFirst().right;
    for (Answers each : answers) {
      for (int[] ids : List.of(each.right, each.wrong)) {
        int alike = Arrays.mismatch(space, ids);
        space = Arrays.copyOf(space, Math.min(alike < 0 ? space.length : alike, ids.length - 1));
      }
    }
    int blank = 0;
    while (blank < space.length && codec.decode(space[blank]).isBlank()) {
      blank++;
    }
    return Arrays.copyOf(space, blank);
  }

  private static int[] after(int[] space, int[] ids) {
    return Arrays.copyOfRange(ids, space.length, ids.length);
  }

  /** As text where the tokenizer reads it back as the same tokens, else as ids. */
  private static void put(ObjectNode line, String key, TextCodec codec, int[] ids) {
    String text = codec.decode(ids);
    for (String way : List.of(text, " " + text, text.strip())) {
      if (Arrays.equals(codec.encode(way), ids)) {
        line.put(key, way);
        return;
      }
    }
    Arrays.stream(ids).forEach(line.putArray(key + "_ids")::add);
  }

  private static Map<String, Object> settings(
      Reading reading, TextCodec codec, int[] prefix, int[] space) {
    Map<String, Object> settings = new LinkedHashMap<>();
    if (reading.chat()) {
      settings.put("chat", true);
    }
    settings.put("max-new-tokens", reading.maxNewTokens());
    if (!reading.stop().isEmpty()) {
      settings.put("stop", reading.stop());
    }
    int[] fed = Arrays.copyOf(prefix, prefix.length + space.length);
    System.arraycopy(space, 0, fed, prefix.length, space.length);
    if (fed.length > 0) {
      String text = reading.answerPrefix() + codec.decode(space);
      boolean same = Arrays.equals(codec.encode(text), fed);
      settings.put(
          same ? "answer-prefix" : "answer-prefix-ids",
          same ? (Object) text : Arrays.stream(fed).boxed().toList());
    }
    return settings;
  }
}
