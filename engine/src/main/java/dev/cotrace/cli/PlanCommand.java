package dev.cotrace.cli;

import dev.cotrace.DiscoverySpec;
import dev.cotrace.ScalePlan;
import dev.cotrace.SpecYaml;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a run would take elsewhere. */
@Command(
    name = "plan",
    description = {
      "Says how many tokens, operations, bytes and hours a discovery takes on N executors, from",
      "rates measured here or, with --save-rates, on a machine of their kind."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Examples",
      "  cotrace plan --config run.yaml                       # on this machine",
      "  cotrace plan --config run.yaml --save-rates h100.json   # there, once",
      "  cotrace plan --config run.yaml --rates h100.json --executors 16",
      "  cotrace plan --model llama-3-8b --task none --rates h100.json --pairs 1000 \\",
      "      --prompt-tokens 200 --max-new-tokens 1000   # config.json is enough"
    })
final class PlanCommand implements Callable<Integer> {
  /** Of measuring, in seconds. */
  private static final double LONGEST = 86_400;

  @Option(
      names = "--executors",
      paramLabel = "N",
      description = "Executors that share the jobs. Default: ${DEFAULT-VALUE}.",
      defaultValue = "1")
  private int executors;

  @Option(
      names = "--rates",
      paramLabel = "FILE",
      description = "Rates of one executor, as --save-rates wrote them. Default: measured here.")
  private @Nullable Path rates;

  @Option(
      names = "--save-rates",
      paramLabel = "FILE",
      description = "Keep the rates that were measured here.")
  private @Nullable Path saveRates;

  @Option(
      names = "--measure-seconds",
      paramLabel = "S",
      description = "How long to measure each of three kinds of jobs. Default: ${DEFAULT-VALUE}.",
      defaultValue = "10")
  private double seconds;

  @Option(
      names = "--pairs",
      paramLabel = "N",
      description = "Plan for so many pairs of a task that is not here, from --rates.")
  private @Nullable Integer pairs;

  @Option(
      names = "--prompt-tokens",
      paramLabel = "N",
      description = "Tokens of a prompt, with --pairs.")
  private @Nullable Integer promptTokens;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML of settings, such as --print-spec writes or the spec.yaml of a run.")
  private @Nullable Path config;

  @Mixin private final TaskOptions task = new TaskOptions();
  @Mixin private final AttributionOptions attribution = new AttributionOptions();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    if (executors < 1) {
      throw new IllegalArgumentException("--executors must be at least 1, got " + executors);
    }
    if (!(seconds >= 0 && seconds <= LONGEST)) {
      throw new IllegalArgumentException(
          "--measure-seconds must be from 0 to %.0f, got %s".formatted(LONGEST, seconds));
    }
    if (pairs != null && pairs < 1) {
      throw new IllegalArgumentException("--pairs must be at least 1, got " + pairs);
    }
    Map<String, Object> flags = new HashMap<>(task.flags());
    flags.putAll(attribution.flags());
    DiscoverySpec spec = SpecYaml.read(config, flags);
    ScalePlan plan =
        pairs == null
            ? ScalePlan.measured(spec, rates, executors, seconds, output.listener())
            : ScalePlan.imagined(spec, required(), executors, pairs, prompt());
    if (saveRates != null) {
      plan.saveRates(saveRates);
    }
    plan.lines().forEach(output.prose()::println);
    output.prose().flush();
    if (output.json()) {
      output.out().println(plan.json());
    }
    output.out().flush();
    return 0;
  }

  private Path required() {
    if (rates == null) {
      throw new IllegalArgumentException(
          "--pairs plans for a task that is not here, so nothing can be measured: give --rates");
    }
    return rates;
  }

  private int prompt() {
    if (promptTokens == null || promptTokens < 1) {
      throw new IllegalArgumentException("--pairs needs --prompt-tokens of at least 1 beside it");
    }
    return promptTokens;
  }
}
