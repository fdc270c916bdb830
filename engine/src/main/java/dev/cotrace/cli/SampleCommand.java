package dev.cotrace.cli;

import dev.cotrace.DiscoveryListener;
import dev.cotrace.DiscoverySpec;
import dev.cotrace.Experiment;
import dev.cotrace.SpecYaml;
import dev.cotrace.Transcripts;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Transcripts to read. */
@Command(
    name = "sample",
    description = "Samples chains of thought and shows them, with the objective's value of each.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Examples",
      "  cotrace sample --model models/arithmetic --task models/tasks/arithmetic-sum.jsonl --limit 3",
      "  cotrace sample --config runs/NAME/spec.yaml --alpha 0.5 --rollouts 4",
      "  cotrace sample --config runs/NAME/spec.yaml --circuit runs/NAME/circuit.json",
      "  cotrace sample --model models/arithmetic --task models/tasks/arithmetic-sum.jsonl \\",
      "      --level head --scale a1.h2=0,a0.h3=2"
    })
final class SampleCommand implements Callable<Integer> {
  @Mixin private final TaskOptions task = new TaskOptions();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Option(
      names = "--rollouts",
      paramLabel = "K",
      description = "Chains of thought for each pair. Default: ${DEFAULT-VALUE}.",
      defaultValue = "1")
  private int rollouts;

  @Option(
      names = "--alpha",
      paramLabel = "GATE",
      description =
          "Gate of all edges or other units: 1 is the model on the clean prompt, 0 on the corrupted.",
      defaultValue = "1")
  private double alpha;

  @Option(
      names = "--circuit",
      paramLabel = "FILE",
      description =
          "A circuit, .json or .pt: its edges, or other units, are clean, all others corrupted.")
  private @Nullable Path circuit;

  @Option(
      names = "--scale",
      paramLabel = "UNIT=FACTOR",
      split = ",",
      description = {
        "Steer: the model on the clean prompt with a unit of --level times a factor, 0 to take it out.",
        "May be repeated. Example: --level neuron --scale m0.n17=4"
      })
  private List<String> scales = List.of();

  @Option(names = "--config", paramLabel = "FILE", description = "YAML of settings; flags win.")
  private @Nullable Path config;

  @Option(names = "--show-tokens", description = "Also show what is fed as ids and strings.")
  private boolean showTokens;

  private String shownPair = "";

  @Override
  public Integer call() throws IOException {
    if (rollouts < 1) {
      throw new IllegalArgumentException("--rollouts must be at least 1, got " + rollouts);
    }
    Map<String, Object> flags = task.flags();
    if (!scales.isEmpty()) {
      requireClean(flags);
      flags.put(
          "corruption", "zero"); // A piece is compared with nothing, not with its corrupted self.
    }
    DiscoverySpec spec = SpecYaml.read(config, flags);
    DiscoveryListener listener = output.listener();
    StringJoiner entries = new StringJoiner(",", "{\"transcripts\":[", "]}");
    try (Experiment experiment = Experiment.open(spec, listener)) {
      transcripts(experiment)
          .forEach(
              listener,
              entry -> {
                show(entry);
                entries.add(entry.json());
              });
    }
    if (output.json()) {
      output.out().println(entries);
    }
    output.out().flush();
    return 0;
  }

  private Map<String, Double> factors() {
    Map<String, Double> factors = new LinkedHashMap<>();
    for (String scale : scales) {
      int at = scale.indexOf('=');
      String unit = scale.substring(0, Math.max(0, at)).strip();
      try {
        double factor = Double.parseDouble(scale.substring(at + 1));
        if (!unit.isEmpty() && factors.put(unit, factor) == null) {
          continue;
        }
      } catch (NumberFormatException e) {
        // The sentence below says it.
      }
      throw new IllegalArgumentException(
          factors.containsKey(unit)
              ? "--scale names %s twice".formatted(unit)
              : "expected --scale to be a unit and its factor such as a1.h2=0, got '%s'"
                  .formatted(scale));
    }
    return factors;
  }

  private void requireClean(Map<String, Object> flags) {
    if (circuit != null || alpha != 1 || flags.containsKey("corruption")) {
      throw new IllegalArgumentException(
          "--scale samples the model on the clean prompt alone: leave out --circuit, --alpha and --corruption");
    }
  }

  private Transcripts transcripts(Experiment experiment) throws IOException {
    if (!scales.isEmpty()) {
      return Transcripts.scaled(experiment, factors(), rollouts);
    }
    return circuit == null
        ? Transcripts.at(experiment, alpha, rollouts)
        : Transcripts.in(experiment, circuit, rollouts);
  }

  private void show(Transcripts.Entry entry) {
    PrintWriter prose = output.prose();
    if (!entry.pair().equals(shownPair)) {
      shownPair = entry.pair();
      prose.printf("%n=== pair %s%n%s%n", entry.pair(), showTokens ? entry.fed() : entry.prompt());
    }
    prose.printf(
        "--- %d tokens, %s, F = %.4g%n%s%n",
        entry.sampled().length, entry.finish(), entry.value(), entry.text());
    prose.flush();
  }
}
