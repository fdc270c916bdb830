package dev.cotrace;

import dev.cotrace.gate.Corruption;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.SourceValues;
import dev.cotrace.model.Model;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Task;
import dev.cotrace.task.CorruptionSetting;
import dev.cotrace.task.TaskSettings;
import dev.cotrace.task.TaskTokens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** From the settings about corruption to the corruption of a loaded model. */
final class Corruptions {
  private Corruptions() {}

  /**
   * The corruption that {@code spec} asks for.
   *
   * @throws IllegalArgumentException when what it needs is missing or is another model's
   */
  static Corruption of(DiscoverySpec spec, Model model, GatedModel gated, TaskTokens tokens)
      throws IOException {
    TaskSettings settings = spec.sampling();
    CorruptionSetting setting = settings.corruptionSetting();
    return switch (setting.kind()) {
      case SAME -> new Corruption.Same();
      case MAP -> new Corruption.TokenMap(tokens.partners(settings));
      case RESAMPLE -> new Corruption.Resample();
      case ZERO -> gated.zero();
      case MEAN -> new Corruption.Constant(means(spec, model, gated).withoutPositions());
      case MEAN_POSITIONAL -> new Corruption.Constant(means(spec, model, gated));
      case NOISE ->
          new Corruption.Noise(
              setting.sigma() * model.decoder().embeddingDeviation(), spec.attribution().seed());
    };
  }

  private static SourceValues means(DiscoverySpec spec, Model model, GatedModel gated)
      throws IOException {
    TaskSettings settings = spec.sampling();
    if (settings.means().isEmpty()) {
      throw new IllegalArgumentException(
          "--corruption %s needs --means: give a file that cotrace means wrote"
              .formatted(settings.corruption()));
    }
    return MeansFile.read(Path.of(settings.means()), model.sha256(), gated.units());
  }

  /** Says what a user may not expect of {@code task}. */
  static void warn(Task task, DiscoveryListener listener) {
    switch (task.sampling().corruption()) {
      case Corruption.Same _ -> warnOfEqual(task, listener);
      case Corruption.Constant(SourceValues values) when values.positions() > 0 ->
          warnOfLong(task, values.positions(), listener);
      default -> {
        // Nothing to say.
      }
    }
  }

  private static void warnOfEqual(Task task, DiscoveryListener listener) {
    List<String> equal =
        task.pairs().stream()
            .filter(pair -> Arrays.equals(pair.clean(), pair.corrupted()))
            .map(PromptPair::id)
            .toList();
    if (!equal.isEmpty()) {
      listener.say(
          "warning: clean and corrupted prompt are the same, so that nothing can be attributed, in %s"
              .formatted(
                  equal.size() == 1
                      ? "pair " + equal.getFirst()
                      : "pairs " + String.join(", ", equal)));
    }
  }

  private static void warnOfLong(Task task, int measured, DiscoveryListener listener) {
    int prompt = task.pairs().stream().mapToInt(PromptPair::longest).max().orElseThrow();
    long needed =
        (long) prompt + task.sampling().maxNewTokens() + task.sampling().answerPrefix().length;
    if (needed > measured) {
      listener.say(
          "warning: the means cover %d positions and transcripts may have %d; later positions take the means over all positions"
              .formatted(measured, needed));
    }
  }
}
