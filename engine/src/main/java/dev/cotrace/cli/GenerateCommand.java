package dev.cotrace.cli;

import dev.cotrace.TaskMaker;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;

/** Tasks made to measure. */
@Command(
    name = "generate",
    description = {
      "Makes a task for a model's tokenizer: pairs of equally many tokens, and their settings."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "ioi           who is given to; no chain of thought",
      "greater-than  a year after another; no chain of thought",
      "arithmetic    sums of digits, one addition at a time",
      "names         the boss of the boss of Anna",
      "",
      "Example",
      "  cotrace generate names --model MODEL --count 50 --out names.jsonl",
      "  cotrace discover --model MODEL --task names.jsonl"
    })
final class GenerateCommand implements Callable<Integer> {
  @Parameters(paramLabel = "KIND", description = "ioi, greater-than, arithmetic or names.")
  private String kind = "";

  @Option(
      names = "--model",
      paramLabel = "PATH",
      required = true,
      description = "Model directory, GGUF file or org/name; only its tokenizer is read.")
  private String model = "";

  @Option(
      names = "--out",
      paramLabel = "FILE",
      required = true,
      description = "The .jsonl file to make; its settings go into a .yaml beside it.")
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private Path out;

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "Pairs. Default: ${DEFAULT-VALUE}.",
      defaultValue = "100")
  private int count;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of every draw. Default: ${DEFAULT-VALUE}.",
      defaultValue = "0")
  private long seed;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Additions of arithmetic (default 3), links of names (default 2).")
  private @Nullable Integer steps;

  @Option(
      names = "--giver",
      paramLabel = "WHO",
      description = "Who gives in ioi's corrupted prompts: io (default) or third, someone new.")
  private @Nullable String giver;

  @Option(
      names = "--chat",
      description = "Ask a chat model, instead of showing solved problems first.")
  private boolean chat;

  @Option(names = "--overwrite", description = "Replace files that are there.")
  private boolean overwrite;

  @Option(
      names = "--show",
      paramLabel = "N",
      description = "Show N pairs with their tokens. Default: ${DEFAULT-VALUE}.",
      defaultValue = "2")
  private int show;

  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    if (show < 0) {
      throw new IllegalArgumentException("--show must not be negative, got " + show);
    }
    TaskMaker made =
        TaskMaker.make(
            new TaskMaker.Request(
                kind,
                model,
                count,
                seed,
                out,
                overwrite,
                steps == null ? OptionalInt.empty() : OptionalInt.of(steps),
                giver(),
                chat,
                show));
    PrintWriter prose = output.prose();
    made.shown().forEach(prose::println);
    prose.printf("%s: %d pairs, with their settings in %s%n", made.pairs(), count, made.settings());
    prose.flush();
    if (output.json()) {
      output.out().println(new JsonMapper().writeValueAsString(made.facts()));
    }
    output.out().flush();
    return 0;
  }

  private TaskMaker.@Nullable Giver giver() {
    return switch (giver == null ? "" : giver.toLowerCase(Locale.ROOT)) {
      case "" -> null;
      case "io" -> TaskMaker.Giver.IO;
      case "third" -> TaskMaker.Giver.THIRD;
      default ->
          throw new IllegalArgumentException(
              "--giver must be io or third, got '%s'".formatted(giver));
    };
  }
}
