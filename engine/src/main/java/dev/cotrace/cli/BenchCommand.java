package dev.cotrace.cli;

import dev.cotrace.bench.Bench;
import dev.cotrace.bench.BenchSettings;
import dev.cotrace.bench.ChildJvm;
import dev.cotrace.bench.Kind;
import dev.cotrace.bench.Shape;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What sampling and attributions cost here. */
@Command(
    name = "bench",
    description = {
      "Measures what gated sampling and attributions cost, as ratios to plain decoding.",
      "One JSON object a line for each measurement, always, as it comes up (docs/performance.md): so",
      "there is no --json. Progress goes to standard error."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Examples",
      "  cotrace bench --quick",
      "  cotrace bench --only a,b --model models/arithmetic --tokens 64",
      "  cotrace bench --only c,e --batch 8 --tokens 64,128,256,512 > lines.jsonl"
    })
final class BenchCommand implements Callable<Integer> {
  private static final List<Integer> BATCHES = List.of(8, 32, 64);
  private static final List<Integer> TOKENS = List.of(64, 128, 256, 512);
  private static final int ROUNDS = 3;
  private static final List<Integer> QUICK_BATCHES = List.of(8);
  private static final List<Integer> QUICK_TOKENS = List.of(8, 16);
  private static final int QUICK_ROUNDS = 2;
  private static final int PROMPT_TOKENS = 32;
  private static final int QUICK_PROMPT_TOKENS = 8;

  @Option(
      names = "--only",
      paramLabel = "LETTER",
      split = ",",
      description = {
        "a: gated sampling and b: an attribution at one gate, against plain decoding;",
        "c: time and e: peak memory (Linux) of an attribution against T;",
        "d: a recorded backward pass against a recomputed one. Default: all."
      })
  private @Nullable List<String> only;

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description = "A path or a model of the hub cache. Default: random parameters of --shape.")
  private @Nullable String model;

  @Option(
      names = "--shape",
      paramLabel = "SHAPE",
      description = "smollm2-135m or gpt2-small. Default: smollm2-135m.")
  private @Nullable String shape;

  @Option(
      names = "--batch",
      paramLabel = "N",
      split = ",",
      description = "Rollouts that grow together; c and e take the first. Default: 8,32,64.")
  private @Nullable List<Integer> batches;

  @Option(
      names = "--tokens",
      paramLabel = "T",
      split = ",",
      description = {
        "Sampled tokens of each rollout; a, b and d take the first.",
        "Default: 64,128,256,512."
      })
  private @Nullable List<Integer> tokens;

  @Option(
      names = "--prompt-tokens",
      paramLabel = "N",
      description = "Length of every prompt. Default: 32.")
  private @Nullable Integer promptTokens;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "Turns of each contender; the fastest counts. Default: 3.")
  private @Nullable Integer rounds;

  @Option(
      names = "--objective",
      paramLabel = "TERMS",
      description = "Of attributions, without terms that read text. Default: ${DEFAULT-VALUE}.")
  private String objective = "answer-prob";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Of one computation. Default: as the environment says.")
  private @Nullable Integer threads;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "float64, float32 or bfloat16. Default: ${DEFAULT-VALUE}.")
  private String dtype = "float32";

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "cpu, cuda or cuda:N. Default: ${DEFAULT-VALUE}.")
  private String device = "cpu";

  @Option(
      names = "--quick",
      description = {
        "A look in under two minutes: --batch 8 --tokens 8,16 --prompt-tokens 8 --rounds 2, where",
        "they are not given."
      })
  private boolean quick;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec command;

  @Override
  public Integer call() throws IOException {
    BenchSettings settings = settings();
    PrintWriter out = SafeWriter.to(command.commandLine().getOut());
    PrintWriter err = SafeWriter.to(command.commandLine().getErr());
    ((Main) command.root().userObject())
        .interruption()
        .leaving("the lines that were printed are complete");
    Bench.run(
        settings,
        new ChildJvm(Main.class.getName()),
        line -> {
          out.println(line);
          out.flush();
        },
        err::println);
    return 0;
  }

  private BenchSettings settings() {
    if (model != null && shape != null) {
      throw new IllegalArgumentException(
          "expected --model or --shape, got both: a model has a shape of its own");
    }
    return new BenchSettings(
        kinds(),
        model,
        Shape.of(shape == null ? Shape.SMOLLM2_135M.label() : shape),
        dtype,
        device,
        threads,
        given(batches, quick ? QUICK_BATCHES : BATCHES),
        given(tokens, quick ? QUICK_TOKENS : TOKENS),
        given(promptTokens, quick ? QUICK_PROMPT_TOKENS : PROMPT_TOKENS),
        given(rounds, quick ? QUICK_ROUNDS : ROUNDS),
        objective);
  }

  private Set<Kind> kinds() {
    if (only == null) {
      return EnumSet.allOf(Kind.class);
    }
    Set<Kind> kinds = EnumSet.noneOf(Kind.class);
    only.forEach(letter -> kinds.add(Kind.of(letter)));
    return kinds;
  }

  private static <T> T given(@Nullable T value, T usual) {
    return value == null ? usual : value;
  }
}
