package dev.cotrace.cli;

import dev.cotrace.DiscoverySpec;
import dev.cotrace.FeatureReport;
import dev.cotrace.SpecYaml;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What features of a dictionary stand for. */
@Command(
    name = "features",
    description = {
      "Shows where features of a dictionary are most active in a model's own texts.",
      "The active token stands in [brackets]."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Texts are clean and corrupted prompts of the task, with sampled chains of thought.",
      "",
      "Example",
      "  cotrace features models/dictionaries/arithmetic-resid1 --model models/arithmetic \\",
      "      --task models/tasks/arithmetic-mixed.jsonl --feature 3,17"
    })
final class FeaturesCommand implements Callable<Integer> {
  private static final Pattern NAME = Pattern.compile("(?:\\w+\\.)?f?(\\d{1,9})");

  @Parameters(
      paramLabel = "DICTIONARY",
      description = {
        "Folder or file of a sparse autoencoder or transcoder, or hf://org/name/folder of one that",
        "cotrace pull fetched: docs/dictionaries.md."
      })
  private String dictionary = "";

  @Option(
      names = "--feature",
      paramLabel = "N",
      split = ",",
      description = {
        "Features to show, by their numbers from 0 or names such as m1.f17. Default: the strongest."
      })
  private @Nullable List<String> feature;

  @Option(
      names = "--top",
      paramLabel = "N",
      description = {
        "How many of the strongest, by mean activation times the norm of what a feature adds.",
        "Default: ${DEFAULT-VALUE}."
      },
      defaultValue = "10")
  private int top;

  @Option(
      names = "--contexts",
      paramLabel = "N",
      description = "Places of each, no two alike. Default: ${DEFAULT-VALUE}.",
      defaultValue = "5")
  private int contexts;

  @Option(
      names = "--around",
      paramLabel = "N",
      description = "Tokens to show before and after the active one. Default: ${DEFAULT-VALUE}.",
      defaultValue = "12")
  private int around;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      description = "Tokens of texts to look through, about. Default: ${DEFAULT-VALUE}.",
      defaultValue = "10000")
  private long tokens;

  @Option(
      names = "--hook",
      paramLabel = "HOOK",
      description = "Where the dictionary reads, if its files do not say.")
  private @Nullable String hook;

  @Option(
      names = "--hook-out",
      paramLabel = "HOOK",
      description = "Where a transcoder writes, if its files do not say.")
  private @Nullable String hookOut;

  @Option(
      names = "--input-scale",
      paramLabel = "X",
      description = "The factor of inputs under expected_average_only_in (norm_scaling_factor).")
  private @Nullable Double inputScale;

  @Mixin private final PlainTaskOptions task = new PlainTaskOptions();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Option(names = "--config", paramLabel = "FILE", description = "YAML of settings; flags win.")
  private @Nullable Path config;

  @Override
  public Integer call() throws IOException {
    DiscoverySpec spec = SpecYaml.read(config, task.flags());
    int[] features =
        feature == null
            ? new int[0]
            : feature.stream().mapToInt(FeaturesCommand::number).distinct().toArray();
    FeatureReport report =
        FeatureReport.of(
            spec,
            dictionary,
            new FeatureReport.Told(hook, hookOut, inputScale),
            new FeatureReport.Request(features, top, contexts, around, tokens),
            output.listener());
    if (output.json()) {
      output.out().println(report.json());
    } else {
      show(output.out(), report);
    }
    output.out().flush();
    return 0;
  }

  private static int number(String feature) {
    Matcher matcher = NAME.matcher(feature.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "expected --feature to be a number, or a name such as m1.f17, got '%s'"
              .formatted(feature));
    }
    return Integer.parseInt(matcher.group(1));
  }

  private static void show(PrintWriter out, FeatureReport report) {
    out.printf(
        Locale.ROOT,
        "%,d of %,d features of %s are active in %,d positions of %,d texts%n",
        report.active(),
        report.features(),
        report.hook(),
        report.positions(),
        report.texts());
    report.shown().forEach(shown -> FeatureText.print(out, "feature " + shown.feature(), shown));
  }
}
