package dev.cotrace.cli;

import dev.cotrace.DiscoverySpec;
import dev.cotrace.SpecYaml;
import dev.cotrace.SplicedLoss;
import dev.cotrace.TrainedDictionary;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Small dictionaries of features, trained here. */
@Command(
    name = "train-sae",
    description = {
      "Trains a small sparse autoencoder or transcoder on activations of a model over its own texts."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Texts are clean and corrupted prompts of the task, with sampled chains of thought. What is",
      "measured in the end is measured on every tenth pair, which is not trained on.",
      "",
      "Example",
      "  cotrace train-sae --model models/arithmetic --task models/tasks/arithmetic-mixed.jsonl \\",
      "      --hook blocks.1.hook_resid_post --features 192 --k 6 --out sae",
      "  cotrace features sae --model models/arithmetic --task models/tasks/arithmetic-mixed.jsonl"
    })
final class TrainSaeCommand implements Callable<Integer> {
  @Mixin private final PlainTaskOptions task = new PlainTaskOptions();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "The folder to make, in SAELens' layout.")
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private Path out;

  @Option(
      names = "--hook",
      paramLabel = "HOOK",
      required = true,
      description = {
        "Where it reads, by TransformerLens' name: blocks.LAYER.NAME, NAME one of hook_resid_pre,",
        "hook_resid_mid, hook_resid_post, hook_attn_out, attn.hook_z, ln2.hook_normalized,",
        "mlp.hook_in, mlp.hook_out, hook_mlp_out."
      })
  private String hook = "";

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      description = {
        "topk: an autoencoder of the K largest features; transcoder: from mlp.hook_in or",
        "ln2.hook_normalized to hook_mlp_out, with ReLU. Default: ${DEFAULT-VALUE}."
      },
      defaultValue = "topk")
  private String kind = "";

  @Option(
      names = "--features",
      paramLabel = "F",
      description = "How many features. Default: ${DEFAULT-VALUE}.",
      defaultValue = "256")
  private int features;

  @Option(names = "--k", paramLabel = "K", description = "Of topk. Default: 8.")
  private @Nullable Integer k;

  @Option(
      names = "--sparsity",
      paramLabel = "S",
      description = {
        "Of transcoder: the weight of the sum of activations beside the share of variance that is",
        "not explained. Default: 0.05."
      })
  private @Nullable Double sparsity;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      description = "Activations to collect, about. Default: ${DEFAULT-VALUE}.",
      defaultValue = "100000")
  private long tokens;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Of Adam. Default: ${DEFAULT-VALUE}.",
      defaultValue = "4000")
  private int steps;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Activations in a step. Default: ${DEFAULT-VALUE}.",
      defaultValue = "512")
  private int batch;

  @Option(
      names = "--learning-rate",
      paramLabel = "R",
      description = {
        "At its highest: it rises at first and falls in the end.",
        "Default: 0.0002 times the root of 16384 / F."
      })
  private @Nullable Double learningRate;

  @Option(names = "--config", paramLabel = "FILE", description = "YAML of settings; flags win.")
  private @Nullable Path config;

  @Override
  public Integer call() throws IOException {
    DiscoverySpec spec = SpecYaml.read(config, task.flags());
    TrainedDictionary.Request request =
        new TrainedDictionary.Request(
            hook,
            kind,
            features,
            k == null ? OptionalInt.empty() : OptionalInt.of(k),
            sparsity == null ? OptionalDouble.empty() : OptionalDouble.of(sparsity),
            tokens,
            steps,
            batch,
            learningRate == null ? OptionalDouble.empty() : OptionalDouble.of(learningRate));
    TrainedDictionary trained = TrainedDictionary.train(spec, request, out, output.listener());
    if (output.json()) {
      output.out().println(trained.json());
    }
    show(output.prose(), trained);
    output.out().flush();
    return 0;
  }

  private static void show(PrintWriter prose, TrainedDictionary trained) {
    prose.printf(
        Locale.ROOT,
        "%s: %,d features of %s, trained on %,d positions%n",
        trained.out(),
        trained.features(),
        trained.hook(),
        trained.trained());
    prose.printf(
        Locale.ROOT,
        "On %,d positions of %,d texts that it was not trained on:%n",
        trained.positions(),
        trained.texts());
    row(
        prose,
        "explained variance",
        String.format(Locale.ROOT, "%.4f", trained.explainedVariance()));
    row(prose, "active features (L0)", String.format(Locale.ROOT, "%.2f", trained.active()));
    row(prose, "features never active", String.valueOf(trained.dead()));
    SplicedLoss loss = trained.loss();
    if (!Double.isNaN(loss.plain().value())) {
      row(prose, "loss of the model", Numbers.text(loss.plain()) + " nats a sampled token");
      row(prose, "added by its output", Numbers.text(loss.reconstructed()));
      row(prose, "added by the mean", Numbers.text(loss.constant()));
    }
    prose.flush();
  }

  private static void row(PrintWriter prose, String name, String value) {
    prose.printf("  %-24s%s%n", name, value);
  }
}
