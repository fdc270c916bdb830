package dev.cotrace;

import dev.cotrace.format.Sha256;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.MeanOutputs;
import dev.cotrace.gate.SourceValues;
import dev.cotrace.model.Model;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.Randomness;
import dev.cotrace.rollout.Sampler;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.task.TaskFile;
import dev.cotrace.task.TaskTokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;

/**
 * Measures the mean output of every source over a data set, for the corruptions {@code mean} and
 * {@code mean-positional}.
 *
 * @param out the file that was written
 * @param sequences that were run
 * @param tokens in all of them
 * @param positions of the longest
 */
public record Means(Path out, long sequences, long tokens, int positions) {
  /** Which prompts of a pair are measured. */
  public enum Side {
    /** The clean ones. */
    CLEAN,
    /** The corrupted ones. */
    CORRUPTED,
    /** Both, each as a sequence of its own. */
    BOTH
  }

  /**
   * Runs the plain model on the prompts of the task, with a sampled chain of thought after each if
   * the budget of {@code spec} is above 0, and writes the means to {@code out}.
   *
   * @param each chains of thought for every prompt
   */
  public static Means measure(
      DiscoverySpec spec, Side side, int each, Path out, DiscoveryListener listener)
      throws IOException {
    if (Files.exists(out)) {
      throw new IllegalArgumentException(
          "%s already exists; give another --out or remove it".formatted(out));
    }
    TaskFile file = TaskFile.read(Path.of(spec.task()), spec.rows());
    file.notes().forEach(listener::say);
    try (Model model = Experiment.load(spec, ModelSource.find(spec.model()), listener);
        LoadedDictionaries dictionaries = LoadedDictionaries.read(spec.units(), model, listener)) {
      GatedModel gated = dictionaries.gated(spec.units(), model.decoder());
      TaskTokens tokens =
          new TaskTokens(model.architecture(), ModelText.of(model, ModelText.chat(spec)));
      List<int[]> prompts = new ArrayList<>();
      if (side != Side.CORRUPTED) {
        prompts.addAll(tokens.prompts(file, spec.sampling(), /* corrupted= */ false));
      }
      if (side != Side.CLEAN) {
        prompts.addAll(tokens.prompts(file, spec.sampling(), /* corrupted= */ true));
      }
      Sampling sampling =
          tokens.task(file, spec.sampling(), Outcomes.NONE, gated.zero()).sampling();
      return measure(spec, model, gated, sampling, prompts, new Request(side, each, out), listener);
    }
  }

  private record Request(Side side, int each, Path out) {}

  private static Means measure(
      DiscoverySpec spec,
      Model model,
      GatedModel gated,
      Sampling sampling,
      List<int[]> prompts,
      Request request,
      DiscoveryListener listener)
      throws IOException {
    int longest =
        prompts.stream().mapToInt(ids -> ids.length).max().orElseThrow() + sampling.maxNewTokens();
    Sampler sampler = new Sampler(gated, sampling, new Randomness(spec.attribution().seed()));
    int each = sampling.maxNewTokens() == 0 ? 1 : request.each;
    int together = Math.max(1, spec.attribution().batchRows() / each);
    try (MeanOutputs outputs = new MeanOutputs(gated, longest)) {
      for (int first = 0; first < prompts.size(); first += together) {
        if (listener.stopRequested()) {
          throw new CancellationException("stopped as asked");
        }
        int end = Math.min(prompts.size(), first + together);
        outputs.add(OwnTexts.sequences(sampler, prompts.subList(first, end), first, each));
        listener.say("%d of %d prompts".formatted(end, prompts.size()));
      }
      SourceValues means = outputs.means();
      long[] counts = Arrays.copyOf(outputs.counts(), means.positions());
      Map<String, String> facts = facts(spec, request.side, each);
      MeansFile.write(request.out, gated.units(), means, counts, model.sha256(), facts);
      return new Means(request.out, counts[0], Arrays.stream(counts).sum(), means.positions());
    }
  }

  private static Map<String, String> facts(DiscoverySpec spec, Side side, int each)
      throws IOException {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("cotrace", Provenance.version());
    facts.put("model", spec.model());
    facts.put("task", spec.task());
    facts.put("task_sha256", Sha256.of(Path.of(spec.task())));
    facts.put("limit", String.valueOf(spec.limit()));
    facts.put("side", side.name().toLowerCase(Locale.ROOT));
    facts.put("max_new_tokens", String.valueOf(spec.sampling().maxNewTokens()));
    facts.put("temperature", String.valueOf(spec.sampling().temperature()));
    facts.put("rollouts", String.valueOf(each));
    facts.put("seed", String.valueOf(spec.attribution().seed()));
    facts.put("dtype", SpecLabels.label(spec.dtype()));
    return facts;
  }
}
