package dev.cotrace;

import dev.cotrace.dictionary.Dictionary;
import dev.cotrace.dictionary.SaeLensDictionary;
import dev.cotrace.dictionary.Site;
import dev.cotrace.feature.Activations;
import dev.cotrace.feature.DictionaryTraining;
import dev.cotrace.feature.Fidelity;
import dev.cotrace.feature.TrainingData;
import dev.cotrace.feature.TrainingSettings;
import dev.cotrace.format.Safetensors;
import dev.cotrace.format.Sha256;
import dev.cotrace.model.Model;
import dev.cotrace.task.TaskFile;
import dev.cotrace.torch.ByteSize;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Torch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.function.IntConsumer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A dictionary trained on activations of a model over its own texts, with what it keeps of texts
 * that it was not trained on. All numbers without an error are exact for those texts.
 *
 * @param out the folder that was written, in SAELens' layout
 * @param hook TransformerLens' name of where it reads
 * @param trained positions that it was trained on
 * @param texts that it was measured on, of pairs whose prompts it was not trained on
 * @param positions of those texts
 * @param explainedVariance share of the variance of the activations that it writes, at most 1
 * @param active how many features are active at a position in the mean, L0
 * @param features how many there are
 * @param dead how many of them are active at none of the positions
 * @param loss of the model on those texts
 */
public record TrainedDictionary(
    Path out,
    String hook,
    long trained,
    int texts,
    long positions,
    double explainedVariance,
    double active,
    long features,
    long dead,
    SplicedLoss loss) {
  /**
   * What to train.
   *
   * @param hook TransformerLens' name of where it reads
   * @param kind {@code topk} or {@code transcoder}
   * @param features F
   * @param k of topk; empty for 8
   * @param sparsity of transcoder; empty for 0.05
   * @param tokens activations to collect, about
   * @param steps of Adam
   * @param batch activations in each
   * @param learningRate of Adam at its highest; empty for 0.0002 · √(16384 / F), less for more
   *     features as Gao et al. 2024 found it (arXiv 2406.04093, A.3)
   */
  public record Request(
      String hook,
      String kind,
      int features,
      OptionalInt k,
      OptionalDouble sparsity,
      long tokens,
      int steps,
      int batch,
      OptionalDouble learningRate) {
    private static final int K = 8;
    private static final double SPARSITY = 0.05;

    private TrainingSettings settings(long seed) {
      Site input = Site.ofHook(hook);
      if (tokens < 1) {
        throw new IllegalArgumentException("--tokens must be at least 1, got " + tokens);
      }
      if (!kind.equals("topk") && !kind.equals("transcoder")) {
        throw new IllegalArgumentException(
            "--kind must be topk or transcoder, got '%s'".formatted(kind));
      }
      boolean transcoder = kind.equals("transcoder");
      if (transcoder ? k.isPresent() : sparsity.isPresent()) {
        throw new IllegalArgumentException(
            "%s is for --kind %s, and this is %s: leave it out"
                .formatted(
                    transcoder ? "--k" : "--sparsity", transcoder ? "topk" : "transcoder", kind));
      }
      return new TrainingSettings(
          transcoder ? TrainingSettings.transcoder() : TrainingSettings.topK(k.orElse(K)),
          input,
          transcoder ? TrainingSettings.transcoded(input) : input,
          features,
          transcoder ? sparsity.orElse(SPARSITY) : 0,
          steps,
          batch,
          learningRate.orElse(2e-4 * Math.sqrt(16384.0 / Math.max(1, features))),
          seed);
    }
  }

  /** The file of all this beside the dictionary. */
  private static final String FACTS = "training.json";

  /**
   * Trains a dictionary and writes it to {@code out}.
   *
   * @throws IllegalArgumentException when {@code out} exists, or the model lacks the site
   */
  public static TrainedDictionary train(
      DiscoverySpec spec, Request request, Path out, DiscoveryListener listener)
      throws IOException {
    TrainingSettings settings = request.settings(spec.attribution().seed());
    TaskFile file = TaskFile.read(Path.of(spec.task()), spec.rows());
    file.notes().forEach(listener::say);
    Torch.threads(spec.attribution().threads());
    ModelSource source = ModelSource.find(spec.model());
    try (RunDirectory directory = RunDirectory.create(out);
        Model model = Experiment.load(spec, source, listener)) {
      Activations.require(settings.input(), model.architecture());
      requireRoom(spec, settings, model, request.tokens);
      TrainingTexts texts =
          TrainingTexts.sample(
              OwnTexts.of(spec, model, ModelText.of(model, ModelText.chat(spec)), file),
              request.tokens,
              listener);
      SaeLensDictionary dictionary = trained(settings, model, texts, listener);
      directory.write(
          SaeLensDictionary.CONFIG,
          dictionary.config(
              name(source),
              spec.sampling().bos(),
              model.architecture().normalisation().centred(),
              Map.of()));
      directory.write(
          SaeLensDictionary.WEIGHTS,
          path -> Safetensors.write(path, Map.of(), dictionary.tensors()));
      TrainedDictionary measured = measured(directory, settings, model, texts, listener);
      directory.write(FACTS, measured.facts(spec, model, settings, request.tokens) + "\n");
      directory.finish();
      return measured;
    }
  }

  private static void requireRoom(
      DiscoverySpec spec, TrainingSettings settings, Model model, long tokens) {
    Placement placement = new Placement(spec.dtype(), spec.device());
    double needed = TrainingData.bytes(settings, model.architecture(), placement, tokens);
    long allowed = spec.memory().bytes(placement);
    if (needed > allowed) {
      throw new IllegalArgumentException(
          "%,d features and %,d activations at %s need %s, but the run may take %s: use fewer --features or --tokens, a smaller --batch, or allow more with --memory"
              .formatted(
                  settings.features(),
                  tokens,
                  settings.input(),
                  ByteSize.text((long) needed),
                  ByteSize.text(allowed)));
    }
  }

  private static SaeLensDictionary trained(
      TrainingSettings settings, Model model, TrainingTexts texts, DiscoveryListener listener) {
    List<int[]> ids = texts.training();
    try (TrainingData data =
        TrainingData.collect(
            model.decoder(), settings, ids, steps("activations of texts", ids.size(), listener))) {
      return DictionaryTraining.run(
          settings, data, steps("training steps", settings.steps(), listener));
    }
  }

  /** Tells how far a loop is, and ends it when that is asked for. */
  static IntConsumer steps(String purpose, int planned, DiscoveryListener listener) {
    IntConsumer tell =
        done -> {
          if (listener.stopRequested()) {
            throw new CancellationException("stopped as asked");
          }
          listener.progress(
              new DiscoveryListener.Progress(purpose, done, planned, 0, new TreeMap<>()));
        };
    tell.accept(0);
    return tell;
  }

  /** What was stored is what is measured. */
  private static TrainedDictionary measured(
      RunDirectory directory,
      TrainingSettings settings,
      Model model,
      TrainingTexts texts,
      DiscoveryListener listener)
      throws IOException {
    listener.say(
        "measuring on %d texts that it was not trained on".formatted(texts.heldOut().size()));
    Placement placement = TrainingData.placement(model.decoder().placement());
    try (Dictionary dictionary = Dictionary.read(directory.incomplete(), placement)) {
      List<int[]> heldOut = texts.heldOut().stream().map(OwnTexts.Text::ids).toList();
      Fidelity fidelity = Fidelity.of(dictionary, model.decoder(), heldOut);
      SplicedLoss loss =
          SplicedLoss.of(dictionary, model.decoder(), texts.heldOut(), fidelity.mean());
      return new TrainedDictionary(
          directory.path(),
          settings.input().hook(),
          texts.training().stream().mapToLong(ids -> ids.length).sum(),
          heldOut.size(),
          fidelity.positions(),
          fidelity.explainedVariance(),
          fidelity.active(),
          fidelity.features(),
          fidelity.dead(),
          loss);
    }
  }

  /** The name of a model as people would say it. */
  private static String name(ModelSource source) {
    return source.hub() != null
        ? source.hub().repository()
        : String.valueOf(source.path().toAbsolutePath().normalize().getFileName());
  }

  /** The measured figures as JSON, in one line. */
  public String json() {
    ObjectNode json = new JsonMapper().createObjectNode().put("out", out.toString());
    putFigures(json);
    return json.toString();
  }

  private void putFigures(ObjectNode json) {
    json.put("trained_positions", trained);
    json.put("held_out_texts", texts).put("held_out_positions", positions);
    ResultJson.put(json, "explained_variance", explainedVariance);
    ResultJson.put(json, "active_features", active);
    json.put("features", features).put("dead_features", dead);
    loss.each().forEach((name, estimate) -> ResultJson.put(json, name, estimate));
  }

  /** What it takes to make the dictionary again, and what came of it. */
  private String facts(DiscoverySpec spec, Model model, TrainingSettings settings, long tokens)
      throws IOException {
    JsonMapper mapper = new JsonMapper();
    ObjectNode json = mapper.createObjectNode().put("cotrace", Provenance.version());
    json.put("model", spec.model()).set("model_sha256", mapper.valueToTree(model.sha256()));
    json.put("task", spec.task()).put("task_sha256", Sha256.of(Path.of(spec.task())));
    json.put("limit", spec.limit());
    json.put("max_new_tokens", spec.sampling().maxNewTokens());
    json.put("temperature", spec.sampling().temperature());
    json.put("dtype", SpecLabels.label(spec.dtype())).put("device", spec.device());
    json.put("threads", spec.attribution().threads());
    json.put("hook", settings.input().hook()).put("hook_out", settings.output().hook());
    json.put("kind", settings.form().transcoder() ? "transcoder" : "topk");
    json.put("features", settings.features()).put("k", settings.form().k());
    json.put("sparsity", settings.sparsity()).put("tokens", tokens);
    json.put("steps", settings.steps()).put("batch", settings.batch());
    json.put("learning_rate", settings.learningRate()).put("seed", settings.seed());
    putFigures(json.putObject("measured"));
    return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(json);
  }
}
