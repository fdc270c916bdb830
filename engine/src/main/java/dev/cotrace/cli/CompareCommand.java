package dev.cotrace.cli;

import dev.cotrace.Comparison;
import dev.cotrace.DiscoverySpec;
import dev.cotrace.SpecYaml;
import dev.cotrace.TwinRollout;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Where two models part that draw with the same noise. */
@Command(
    name = "compare",
    description = {
      "Samples two models with the same noise and shows where their chains of thought part.",
      "The second may be the first without some edges or other units."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Examples",
      "  cotrace compare full runs/NAME",
      "  cotrace compare runs/NAME runs/OTHER --rollouts 16 --limit 10",
      "  cotrace compare --config runs/NAME/spec.yaml --without \"a1.h2->a3.h0<q>\"",
      "  cotrace compare full 0.9 --model models/arithmetic --task models/tasks/arithmetic-sum.jsonl"
    })
final class CompareCommand implements Callable<Integer> {
  @Parameters(
      arity = "0..2",
      paramLabel = "GATES",
      description = {
        "full, corrupted, a gate of all such as 0.5, a run directory or a circuit file.",
        "Two of them; with --without one, by default full."
      })
  private List<String> sides = List.of();

  @Option(
      names = "--without",
      paramLabel = "EDGE",
      description =
          "The second lacks this edge or other unit: it is corrupted there. May be repeated.")
  private List<String> without = List.of();

  @Option(
      names = "--rollouts",
      paramLabel = "K",
      description = "Of each pair. Default: ${DEFAULT-VALUE}.",
      defaultValue = "8")
  private int rollouts;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML of settings; flags win. Default: the run directory's spec.yaml.")
  private @Nullable Path config;

  @Mixin private final TaskOptions task = new TaskOptions();
  @Mixin private final OutputOptions output = new OutputOptions();

  /** More than this is said of differences that hardly vary, and means nothing. */
  private static final double MOST_RATIO = 1e4;

  private String shownPair = "";

  @Override
  public Integer call() throws IOException {
    if (rollouts < 1) {
      throw new IllegalArgumentException("--rollouts must be at least 1, got " + rollouts);
    }
    List<String> asked = sides.isEmpty() && !without.isEmpty() ? List.of("full") : sides;
    DiscoverySpec spec = SpecYaml.read(config == null ? specOfRun() : config, task.flags());
    Comparison comparison =
        Comparison.run(spec, asked, without, rollouts, output.listener(), this::show);
    summarise(output.prose(), spec, comparison);
    if (output.json()) {
      output.out().println(comparison.json());
    }
    output.out().flush();
    return 0;
  }

  private @Nullable Path specOfRun() throws IOException {
    List<Path> specs =
        sides.stream()
            .map(side -> Path.of(side, "spec.yaml"))
            .filter(Files::isRegularFile)
            .toList();
    if (specs.size() == 2) {
      DiscoverySpec first = SpecYaml.read(specs.getFirst(), Map.of());
      DiscoverySpec second = SpecYaml.read(specs.getLast(), Map.of());
      if (first.units().level() != second.units().level()) {
        throw new IllegalArgumentException(
            "the run %s is of %s and %s of %s, but one model has gates on one kind: give runs of the same --level"
                .formatted(
                    sides.getFirst(),
                    first.units().level().nouns(),
                    sides.getLast(),
                    second.units().level().nouns()));
      }
      if (!first.sameQuestion(second)) {
        throw new IllegalArgumentException(
            "the runs %s and %s differ in model, task, limit, objective or sampling, but both are to be sampled alike: say how with --config, for example --config %s"
                .formatted(sides.getFirst(), sides.getLast(), specs.getFirst()));
      }
    }
    return specs.isEmpty() ? null : specs.getFirst();
  }

  private void show(TwinRollout twin) {
    PrintWriter prose = output.prose();
    if (!twin.pair().equals(shownPair)) {
      shownPair = twin.pair();
      prose.printf("%n=== pair %s%n%s%n", twin.pair(), twin.prompt());
    }
    if (twin.neverParts()) {
      prose.printf(
          "--- rollout %d never parts, F = %.4g and %.4g%n%s%n",
          twin.rollout(), twin.firstValue(), twin.secondValue(), twin.common());
    } else {
      prose.printf(
          "--- rollout %d parts at step %d, F = %.4g and %.4g%n%s%n  first:  |%s%n  second: |%s%n",
          twin.rollout(),
          twin.partsAt(),
          twin.firstValue(),
          twin.secondValue(),
          twin.common(),
          twin.first(),
          twin.second());
    }
    prose.flush();
  }

  private static void summarise(PrintWriter out, DiscoverySpec spec, Comparison comparison) {
    out.printf("%nfirst:  %s%nsecond: %s%n", comparison.firstName(), comparison.secondName());
    out.printf(
        "J(first) = %s, J(second) = %s (%s)%n",
        Numbers.text(comparison.first()), Numbers.text(comparison.second()), spec.objective());
    out.printf("J(second) − J(first) = %s", Numbers.text(comparison.difference()));
    double ratio = comparison.varianceRatio();
    if (Double.isFinite(ratio) && ratio < MOST_RATIO) {
      out.printf(
          "; with independent noise the variance within prompts would be %.3g times as large",
          ratio);
    }
    out.println(".");
    out.printf(
        "%.0f %% of %d rollouts never part.%n",
        100 * comparison.neverParted(), comparison.twins().size());
    if (!comparison.partingSteps().isEmpty()) {
      String steps =
          comparison.partingSteps().entrySet().stream()
              .map(entry -> "%d: %d".formatted(entry.getKey(), entry.getValue()))
              .collect(Collectors.joining(", "));
      out.printf("Rollouts that part, by step: %s.%n", steps);
    }
    out.flush();
  }
}
