package dev.cotrace;

import dev.cotrace.attribution.MemoryPrediction;
import dev.cotrace.gate.Footprint;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.model.Architecture;
import dev.cotrace.model.AttentionPattern;
import dev.cotrace.model.Model;
import dev.cotrace.model.StoredModel;
import dev.cotrace.torch.ByteSize;
import dev.cotrace.torch.FreeMemory;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Torch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Looks a model over before it is used: what it is, whether it computes what it should, what it
 * needs, and what to fix.
 *
 * @param path where the model lies
 * @param plan what it is to be used for
 * @param goldens a file of reference logits; null for the one beside the model, if there is one
 */
public record Doctor(Path path, Plan plan, @Nullable Path goldens) {
  /**
   * What a model is to be used for.
   *
   * @param dtype name of a precision
   * @param device libtorch's name of it
   * @param promptTokens of the longest prompt; null for 64, or half of what fits
   * @param newTokens budget of sampled tokens; null for 64, or what fits
   * @param batchRows rollouts in a batch
   * @param threads batches side by side
   */
  public record Plan(
      String dtype,
      String device,
      @Nullable Integer promptTokens,
      @Nullable Integer newTokens,
      int batchRows,
      int threads) {
    private static final int USUAL = 64;

    /** Tokens of the longest prompt in a model of {@code positions}. */
    private int prompt(int positions) {
      return promptTokens == null ? Math.min(USUAL, (positions + 1) / 2) : promptTokens;
    }

    /** Budget of sampled tokens there. */
    private int budget(int positions) {
      return newTokens == null ? Math.clamp(positions - prompt(positions), 0, USUAL) : newTokens;
    }

    /** Tokens of a transcript there. */
    long tokens(int positions) {
      return (long) prompt(positions) + budget(positions);
    }

    /** What a run of this kind takes in a model of {@code positions}, for any objective. */
    private MemoryPrediction prediction(Footprint footprint, int positions) {
      return MemoryPrediction.ofBatches(
          footprint, prompt(positions), budget(positions), batchRows, threads);
    }
  }

  /** Examines the model; fails when it cannot be loaded. */
  public Checkup examine() throws IOException {
    Checkup.Notes notes = new Checkup.Notes();
    StoredModel stored = StoredModel.at(path);
    files(stored, notes);
    Precision precision = Precision.of(plan.dtype);
    try (Model model = Model.load(path, new Placement(precision, plan.device))) {
      architecture(model, notes);
      memory(model, notes);
      new TokenizerCheck(model, notes).run();
      Optional<Path> file = Optional.ofNullable(goldens).or(this::besideTheModel);
      if (file.isPresent()) {
        new GoldenCheck(file.get(), model, notes).run();
      } else {
        notes.fine(
            "logits",
            "not compared: no goldens.safetensors beside the model (docs/models.md says how to make it)");
      }
    }
    machine(notes);
    return notes.checkup();
  }

  private Optional<Path> besideTheModel() {
    @Nullable Path folder = Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
    return Optional.ofNullable(folder)
        .map(directory -> directory.resolve("goldens.safetensors"))
        .filter(Files::exists);
  }

  private static void files(StoredModel stored, Checkup.Notes notes) {
    notes.fine(
        "files",
        "%s, %s, %s"
            .formatted(
                stored.format(),
                plural(stored.files().size(), "file"),
                ByteSize.text(stored.fileBytes())));
    StringJoiner types = new StringJoiner(", ");
    stored.bytesByType().forEach((type, size) -> types.add(type + " " + ByteSize.text(size)));
    if (stored.quantised()) {
      notes.care(
          "stored as",
          "Use the unquantised model if you mean to explain that one.",
          "%s; quantised weights are decoded, so all results are those of the quantised model"
              .formatted(types));
    } else {
      notes.fine("stored as", types.toString());
    }
  }

  private static void architecture(Model model, Checkup.Notes notes) {
    Architecture a = model.architecture();
    notes.fine(
        "architecture",
        "%s: %d layers, %d heads (%d key/value) of %d, width %d, MLP %d, vocabulary %d, %d positions"
            .formatted(
                a.family(),
                a.layers(),
                a.heads(),
                a.keyValueHeads(),
                a.headDimension(),
                a.width(),
                a.mlp().width(),
                a.vocabulary(),
                a.maxPositions()));
    notes.fine("features", features(a));
    notes.fine("parameters", "%,d".formatted(model.parameterCount()));
    notes.fine("graph", "%,d edges".formatted(GatedModel.of(model.decoder()).graph().edgeCount()));
  }

  private static String features(Architecture a) {
    StringJoiner features = new StringJoiner(", ");
    features.add(a.normalisation().centred() ? "LayerNorm" : "RMSNorm");
    if (a.normalisation().post()) {
      features.add("norms after blocks too");
    }
    if (a.attention().headNorm()) {
      features.add("norms of queries and keys");
    }
    if (a.parallel()) {
      features.add("heads and MLP side by side");
    }
    long sliding =
        a.attention().patterns().stream()
            .mapToInt(AttentionPattern::window)
            .filter(w -> w > 0)
            .count();
    if (sliding > 0) {
      int window =
          a.attention().patterns().stream().mapToInt(AttentionPattern::window).max().orElseThrow();
      features.add(
          "a window of %d positions in %s".formatted(window, plural((int) sliding, "layer")));
    }
    if (a.attention().scoreCap() > 0) {
      features.add("attention scores below " + a.attention().scoreCap());
    }
    if (a.logitCap() > 0) {
      features.add("logits below " + a.logitCap());
    }
    features.add(a.tiedUnembedding() ? "tied unembedding" : "an unembedding of its own");
    return features.toString();
  }

  private void memory(Model model, Checkup.Notes notes) {
    int positions = model.architecture().maxPositions();
    MemoryPrediction need = plan.prediction(GatedModel.of(model.decoder()).footprint(), positions);
    String parts =
        need.parts().entrySet().stream()
            .map(part -> part.getKey() + " " + ByteSize.text(part.getValue()))
            .collect(Collectors.joining(", "));
    String text =
        "about %s for %s of %d rollouts of %d tokens (%s)"
            .formatted(
                ByteSize.text(need.total()),
                (plan.threads == 1 ? "1 batch" : plan.threads + " batches"),
                plan.batchRows,
                plan.tokens(positions),
                parts);
    long free = FreeMemory.at(model.decoder().placement());
    if (need.total() > free) {
      notes.wrong(
          "memory",
          "Lower --batch-rows, --threads or --max-new-tokens, or use --dtype bfloat16; a run chooses what fits by itself.",
          "%s; %s are free".formatted(text, ByteSize.text(free)));
    } else {
      notes.fine("memory", "%s; %s are free".formatted(text, ByteSize.text(free)));
    }
    if (plan.tokens(positions) > positions) {
      notes.wrong(
          "positions",
          "Lower --max-new-tokens, or shorten the prompts.",
          "%d tokens are wanted, the model has %d positions"
              .formatted(plan.tokens(positions), positions));
    }
  }

  private void machine(Checkup.Notes notes) {
    int processors = Runtime.getRuntime().availableProcessors();
    notes.fine(
        "threads",
        "%d processors; libtorch computes with %d, and --threads batches run side by side"
            .formatted(processors, Torch.threads()));
    String blas = Torch.blas();
    notes.fine("BLAS", blas.isEmpty() ? "not OpenBLAS; its kernel is not known" : blas);
    Map<String, String> environment = System.getenv();
    if (!"PASSIVE".equalsIgnoreCase(environment.getOrDefault("OMP_WAIT_POLICY", ""))) {
      notes.care(
          "environment",
          "Set OMP_WAIT_POLICY=PASSIVE before the program starts.",
          "OMP_WAIT_POLICY is %s: waiting threads take the processor from working ones"
              .formatted(environment.getOrDefault("OMP_WAIT_POLICY", "not set")));
    }
    String core = environment.get("OPENBLAS_CORETYPE");
    if (core != null) {
      notes.care(
          "environment",
          "Unset OPENBLAS_CORETYPE and measure again.",
          "OPENBLAS_CORETYPE=%s chooses the kernels, perhaps not the fastest of this processor"
              .formatted(core));
    }
  }

  private static String plural(int count, String noun) {
    return count + " " + noun + (count == 1 ? "" : "s");
  }
}
