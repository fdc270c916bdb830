package dev.cotrace;

import dev.cotrace.format.StrictYaml;
import dev.cotrace.model.Model;
import dev.cotrace.model.Tokenizer;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.task.TextCodec;
import dev.cotrace.task.TokenText;
import dev.cotrace.task.generator.Arithmetic;
import dev.cotrace.task.generator.GeneratedTask;
import dev.cotrace.task.generator.GreaterThan;
import dev.cotrace.task.generator.Ioi;
import dev.cotrace.task.generator.Names;
import dev.cotrace.task.generator.PairKind;
import dev.cotrace.task.generator.TaskGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Makes a task for the tokenizer of a model and writes its two files.
 *
 * @param pairs the file of pairs
 * @param settings the file of settings beside it
 * @param shown some of the pairs with their tokens, for people
 */
public record TaskMaker(Path pairs, Path settings, List<String> shown) {
  private static final String ENDING = ".jsonl";

  /** More pairs than any of the pools can tell apart. */
  private static final int MOST_PAIRS = 1_000_000;

  /** Who gives in the corrupted prompts of {@code ioi}. */
  public enum Giver {
    /** The one who is to be given. */
    IO,
    /** Somebody who was not named before. */
    THIRD
  }

  /** The files and the shown pairs, for JSON. */
  public Map<String, Object> facts() {
    return Map.of("pairs", pairs.toString(), "settings", settings.toString(), "shown", shown);
  }

  /**
   * What to make.
   *
   * @param kind {@code ioi}, {@code greater-than}, {@code arithmetic} or {@code names}
   * @param model directory or GGUF file of the model, or its name on the hub
   * @param count of pairs
   * @param seed of every draw
   * @param out the file of pairs
   * @param overwrite whether files that are there are replaced
   * @param steps of the chain of thought; empty for the kind's own number
   * @param giver for {@code ioi}; null for the indirect object
   * @param chat whether a chat model is asked
   * @param show how many pairs to show
   */
  public record Request(
      String kind,
      String model,
      int count,
      long seed,
      Path out,
      boolean overwrite,
      OptionalInt steps,
      @Nullable Giver giver,
      boolean chat,
      int show) {
    PairKind pairKind() {
      if (count > MOST_PAIRS) {
        throw new IllegalArgumentException(
            "--count must be at most %d, got %d".formatted(MOST_PAIRS, count));
      }
      boolean thinks = kind.equals("arithmetic") || kind.equals("names");
      if (!thinks && (steps.isPresent() || chat)) {
        throw new IllegalArgumentException(
            "--steps and --chat are for arithmetic and names, not for " + kind);
      }
      if (giver != null && !kind.equals("ioi")) {
        throw new IllegalArgumentException("--giver is for ioi, not for " + kind);
      }
      return switch (kind) {
        case "ioi" -> new Ioi(giver == Giver.THIRD);
        case "greater-than" -> new GreaterThan();
        case "arithmetic" -> new Arithmetic(steps.orElse(3), chat);
        case "names" -> new Names(steps.orElse(2), chat);
        default ->
            throw new IllegalArgumentException(
                "expected ioi, greater-than, arithmetic or names, got '%s'".formatted(kind));
      };
    }
  }

  /**
   * Makes what {@code request} asks for.
   *
   * @throws IllegalArgumentException when it cannot be made, or a file is in the way
   */
  public static TaskMaker make(Request request) throws IOException {
    PairKind kind = request.pairKind();
    String out = request.out.toString();
    if (!out.toLowerCase(Locale.ROOT).endsWith(ENDING)) {
      throw new IllegalArgumentException(
          "--out must end in %s, got %s".formatted(ENDING, request.out));
    }
    Path settings = Path.of(out.substring(0, out.length() - ENDING.length()) + ".yaml");
    for (Path file : List.of(request.out, settings)) {
      if (Files.exists(file) && !request.overwrite) {
        throw new IllegalArgumentException(
            "%s already exists; give another --out, or --overwrite".formatted(file));
      }
    }
    try (Tokenizer tokenizer = tokenizer(request.model)) {
      TextCodec codec = ModelText.of(tokenizer, ModelText.today());
      GeneratedTask task = new TaskGenerator(kind, codec).generate(request.count, request.seed);
      StrictYaml yaml = new StrictYaml();
      Files.writeString(settings, head(request) + yaml.text(yaml.tree(task.settings())));
      Files.writeString(request.out, String.join("\n", task.lines()) + "\n");
      TokenText text = new TokenText(codec);
      return new TaskMaker(
          request.out,
          settings,
          task.pairs().stream().limit(request.show).map(pair -> shown(text, pair)).toList());
    }
  }

  private static Tokenizer tokenizer(String model) throws IOException {
    return Model.tokenizerOf(ModelSource.find(model).path())
        .orElseThrow(() ->
            new IllegalArgumentException(
                "%s has no tokenizer, so no task can be made of words for it".formatted(model)));
  }

  private static String head(Request request) {
    return "# %s, seed %d, for the tokenizer of %s; another one may not keep the prompts of a pair equally long.%n"
        .formatted(request.kind, request.seed, name(request.model));
  }

  /** A name of the hub as it is, of a path its end. */
  private static String name(String model) {
    return ModelSource.local(model)
        .map(path -> String.valueOf(path.toAbsolutePath().normalize().getFileName()))
        .orElse(model);
  }

  private static String shown(TokenText text, PromptPair pair) {
    return "pair %s, %d tokens%s%n  answer     %s%n  wrong      %s"
        .formatted(
            pair.id(),
            pair.clean().length,
            text.aligned(pair.clean(), pair.corrupted()),
            text.show(pair.answer()),
            text.show(pair.wrong()));
  }
}
