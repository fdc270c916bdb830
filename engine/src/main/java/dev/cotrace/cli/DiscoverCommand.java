package dev.cotrace.cli;

import dev.cotrace.Discovery;
import dev.cotrace.DiscoveryListener;
import dev.cotrace.DiscoveryResult;
import dev.cotrace.DiscoverySpec;
import dev.cotrace.Experiment;
import dev.cotrace.ShardRun;
import dev.cotrace.SpecYaml;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The main job. */
@Command(
    name = "discover",
    description = {
      "Scores every edge of a model, or its nodes, neurons or features, for a task, with errors, and",
      "picks a circuit."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Examples",
      "  cotrace discover --model models/arithmetic --task models/tasks/arithmetic-sum.jsonl",
      "  cotrace discover --model gpt2 --task ioi.csv --objective logit-diff --bos \\",
      "      --max-new-tokens 0 --method eap-ig-inputs",
      "  cotrace discover --config runs/NAME/spec.yaml --seed 1 --out runs/again",
      "  cotrace discover --resume runs/NAME    # stopped by Ctrl-C, killed, out of power or disk",
      "",
      "Settings come from, the later before the earlier: defaults, the .yaml beside the task,",
      "--config, flags. --print-spec shows what they add up to."
    })
final class DiscoverCommand implements Callable<Integer> {
  @Mixin private final TaskOptions task = new TaskOptions();
  @Mixin private final AttributionOptions attribution = new AttributionOptions();
  @Mixin private final SelectionOptions selection = new SelectionOptions();
  @Mixin private final ReferenceOptions references = new ReferenceOptions();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "The run directory to make. Default: runs/TIME-TASK-MODEL.")
  private @Nullable String out;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML whose keys are these flags without dashes; flags win.")
  private @Nullable Path config;

  @Option(names = "--print-spec", description = "Print what would be run, as YAML, and end.")
  private boolean printSpec;

  @Mixin private final DryRunOption dryRun = new DryRunOption();

  @Option(
      names = "--show-tokens",
      description = "Print what is fed to the model as token ids and strings, and end.")
  private boolean showTokens;

  @Option(
      names = "--resume",
      paramLabel = "DIR",
      description = {
        "Go on with the run in DIR, which was stopped or killed: the scores are those of a run that",
        "was not. No other setting can be given."
      })
  private @Nullable Path resume;

  @Option(
      names = "--shard",
      paramLabel = "I/N",
      description = {
        "Do one of N parts of the work, which other processes or machines share; cotrace merge",
        "puts them together. Needs a fixed --quadrature."
      })
  private @Nullable String shard;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "SECONDS",
      description = {
        "How long from one checkpoint to the next: a killed run loses as much.",
        "Default: ${DEFAULT-VALUE}. 0: after every batch."
      },
      defaultValue = "60")
  private int checkpointEvery;

  @Override
  public Integer call() throws IOException {
    if (checkpointEvery < 0) {
      throw new IllegalArgumentException(
          "--checkpoint-every must be at least 0, got " + checkpointEvery);
    }
    Map<String, Object> flags = new HashMap<>(task.flags());
    flags.putAll(attribution.flags());
    flags.putAll(selection.flags());
    flags.putAll(references.flags());
    if (out != null) {
      flags.put("out", out);
    }
    Duration every = Duration.ofSeconds(checkpointEvery);
    DiscoveryListener listener = output.listener();
    if (resume != null) {
      requireNothingElse(flags);
      if (ShardRun.isIn(resume)) {
        print(ShardRun.resume(resume, listener, every));
      } else {
        print(Discovery.resume(resume, listener, every));
      }
      return 0;
    }
    DiscoverySpec spec = SpecYaml.read(config, flags);
    if (printSpec) {
      output.out().print(output.json() ? SpecYaml.json(spec) + "\n" : SpecYaml.text(spec));
    } else if (showTokens) {
      try (Experiment experiment = Experiment.open(spec, listener)) {
        if (output.json()) {
          output.out().println(experiment.shownJson());
        } else {
          experiment.shown().forEach(output.out()::println);
        }
      }
    } else if (dryRun.asked()) {
      dryRun.print(Discovery.plan(spec, listener), output);
    } else {
      if (shard == null) {
        print(Discovery.run(spec, listener, every));
      } else {
        print(ShardRun.run(spec, shard, listener, every));
      }
    }
    output.out().flush();
    return 0;
  }

  private void print(DiscoveryResult result) {
    EdgeTable.print(output.prose(), result);
    if (output.json()) {
      output.out().println(result.json());
    }
    output.out().flush();
  }

  private void print(ShardRun run) {
    output
        .prose()
        .printf(
            "Shard %s is done: %,d tokens. Files: %s%nWhen all are there: cotrace merge DIR… --out NAME%n",
            run.shard(), run.sampledTokens(), run.path());
    output.prose().flush();
    if (output.json()) {
      output.out().println(run.json());
    }
    output.out().flush();
  }

  private void requireNothingElse(Map<String, Object> flags) {
    if (!flags.isEmpty()
        || config != null
        || shard != null
        || printSpec
        || dryRun.asked()
        || showTokens) {
      throw new IllegalArgumentException(
          "--resume goes on with what the run was told when it began; leave out all other settings%s"
              .formatted(flags.isEmpty() ? "" : ", such as --" + new TreeMap<>(flags).firstKey()));
    }
  }
}
