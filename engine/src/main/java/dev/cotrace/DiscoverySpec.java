package dev.cotrace;

import dev.cotrace.attribution.ReferenceSettings;
import dev.cotrace.attribution.Settings;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Method;
import dev.cotrace.circuit.Selection;
import dev.cotrace.circuit.Units;
import dev.cotrace.rollout.Binning;
import dev.cotrace.rollout.Objective;
import dev.cotrace.task.CorruptionSetting;
import dev.cotrace.task.OutcomeSettings;
import dev.cotrace.task.RowChoice;
import dev.cotrace.task.TaskSettings;
import dev.cotrace.torch.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * Everything a discovery is told, complete and checked; {@link SpecYaml} reads and writes it.
 *
 * @param model directory of a Hugging Face model, a GGUF file, or a model of the hub ({@link
 *     ModelSource})
 * @param task file of prompt pairs
 * @param out the run directory to make; null for a new one under {@code runs/}
 * @param limit how many pairs of the task to use, from the first; 0 for all
 * @param objective F
 * @param units what gates sit on
 * @param attribution how scores are computed
 * @param bins of positions to which scores are attributed apart
 * @param sampling how to sample, stop and read the answer
 * @param outcomes what the outcomes {@code judge} and {@code external} need to know
 * @param dtype of weights and activations
 * @param device libtorch's device string
 * @param top size of the circuit, where its rule does not say it itself
 * @param select how the edges of the circuit are chosen
 * @param references what stands beside the scores
 * @param memory what a run may come to hold
 */
public record DiscoverySpec(
    String model,
    String task,
    @Nullable String out,
    int limit,
    Objective objective,
    UnitSettings units,
    Settings attribution,
    Binning bins,
    TaskSettings sampling,
    OutcomeSettings outcomes,
    Precision dtype,
    String device,
    CircuitSize top,
    SelectionRule select,
    ReferenceSettings references,
    MemoryLimit memory) {

  /** Refuses what no run can do. */
  public DiscoverySpec {
    requireText("--model", model, "the directory or GGUF file of a model, or org/name of the hub");
    requireText("--task", task, "a file of prompt pairs: .jsonl, .json, .csv or .parquet");
    if (limit < 0) {
      throw new IllegalArgumentException("--limit must not be negative, got " + limit);
    }
    requireInput(attribution.method(), sampling.corruptionSetting().kind());
    requireSelection(units, select);
  }

  private static void requireSelection(UnitSettings units, SelectionRule select) {
    if (units.level() != Level.EDGE && select.kind() == SelectionRule.Kind.GREEDY) {
      throw new IllegalArgumentException(
          "--select greedy grows a circuit edge by edge, and --level is %s: use --select top"
              .formatted(units.level().label()));
    }
  }

  /** Norms have slopes of hundreds at a stream of zeros, one upon the other in every layer. */
  private static void requireInput(Method method, CorruptionSetting.Kind corruption) {
    boolean runsOnCorruptedInput =
        method == Method.EAP_IG_INPUTS || method == Method.CLEAN_CORRUPTED;
    if (runsOnCorruptedInput && corruption == CorruptionSetting.Kind.ZERO) {
      throw new IllegalArgumentException(
          "--method %s takes gradients of runs whose input is corrupted, and with --corruption zero that is no input at all: use another method, such as ig-gates or eap, or --corruption mean"
              .formatted(method.label()));
    }
  }

  /** Whether {@code other} samples the same model on the same task and asks the same of it. */
  public boolean sameQuestion(DiscoverySpec other) {
    return model.equals(other.model)
        && task.equals(other.task)
        && limit == other.limit
        && objective.equals(other.objective)
        && sampling.equals(other.sampling)
        && outcomes.equals(other.outcomes);
  }

  /** How the units of the circuit are chosen. */
  public Selection selection(Units units) {
    return select.selection(top.of(units), attribution.ranking());
  }

  /** Which rows of the task's file are used, and which of their columns. */
  RowChoice rows() {
    return new RowChoice(limit, sampling.counterfactual());
  }

  /**
   * As a run directory keeps it: wherever it is read, it means the same files and a new run. A
   * branch of a model of the hub becomes the commit that it is now.
   */
  public DiscoverySpec located() throws IOException {
    boolean judged = !outcomes.judgeModel().isEmpty();
    return new DiscoverySpec(
        ModelSource.located(model),
        Path.of(task).toAbsolutePath().normalize().toString(),
        null,
        limit,
        objective,
        units.located(),
        attribution,
        bins,
        sampling.located(),
        judged ? outcomes.judgedBy(ModelSource.located(outcomes.judgeModel())) : outcomes,
        dtype,
        device,
        top,
        select,
        references,
        memory);
  }

  /** The same with chat templates told {@code day}. */
  DiscoverySpec on(LocalDate day) {
    return new DiscoverySpec(
        model,
        task,
        out,
        limit,
        objective,
        units,
        attribution,
        bins,
        sampling.on(day),
        outcomes,
        dtype,
        device,
        top,
        select,
        references,
        memory);
  }

  private static void requireText(String name, @Nullable String value, String what) {
    if (value == null || value.isBlank()) {
      throw new IllegalArgumentException("%s is missing: give %s".formatted(name, what));
    }
  }
}
