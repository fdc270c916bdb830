package dev.cotrace;

import dev.cotrace.attribution.Evaluation;
import dev.cotrace.attribution.ExactEffects;
import dev.cotrace.attribution.IntegratedGradient;
import dev.cotrace.attribution.MemoryPlan;
import dev.cotrace.attribution.RandomScores;
import dev.cotrace.attribution.Reference;
import dev.cotrace.attribution.WorkEstimate;
import dev.cotrace.attribution.Workload;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.circuit.Method;
import dev.cotrace.circuit.Selection;
import dev.cotrace.circuit.Stability;
import dev.cotrace.gate.Corruption;
import dev.cotrace.report.CircuitJson;
import java.io.IOException;
import java.util.concurrent.CancellationException;

/** The main job: from a specification to a circuit and a run directory. */
public final class Discovery {
  private Discovery() {}

  /**
   * Runs {@code spec}.
   *
   * @throws IllegalArgumentException when the specification, the task or the model cannot be used;
   *     nothing is left behind then
   * @throws CancellationException when {@code listener} asks for an early end, or this thread is
   *     interrupted; rollouts so far are left in the incomplete run directory
   */
  public static DiscoveryResult run(DiscoverySpec spec, DiscoveryListener listener)
      throws IOException {
    spec.references().require(spec.attribution(), spec.objective(), spec.sampling().maxNewTokens());
    try (RunDirectory directory = RunDirectory.create(RunNames.directory(spec));
        Experiment experiment = Experiment.open(spec, listener)) {
      requireSentences(spec, experiment);
      RunPlan plan = plan(experiment);
      DiscoveryResult result;
      try (RunLog log = new RunLog(directory, experiment, listener)) {
        log.begin(plan);

        Workload work = experiment.workload().with(plan.memory().layout());
        boolean compares = !spec.references().reference().isEmpty();
        boolean exact = spec.attribution().method() == Method.EXACT;
        Evaluation evaluation = new Evaluation(work, log, compares || exact);
        warnOfConstants(spec, evaluation, log);
        IntegratedGradient gradient = new IntegratedGradient(work, evaluation, log);
        Attribution attribution =
            switch (spec.attribution().method()) {
              case EXACT -> new ExactEffects(work, evaluation, log).attribute();
              case RANDOM -> RandomScores.attribute(work, evaluation);
              case IG_GATES, EAP_IG_INPUTS, EAP_IG_ACTIVATIONS, CLEAN_CORRUPTED, EAP ->
                  gradient.attribute();
            };
        log.say(attribution.completeness());
        int size = spec.top().edges(attribution.graph());
        Stability stability =
            attribution.stability(size, spec.attribution().ranking(), spec.attribution().seed());
        RunReferences references =
            compares ? RunReferences.of(gradient.references(), experiment) : RunReferences.NONE;
        directory.write(
            "scores.safetensors",
            file ->
                ScoresFile.write(
                    file, attribution, stability, spec.bins().toString(), references.scores()));
        if (attribution.sums().count() > 0) {
          directory.write(
              "clusters.safetensors",
              file -> ClustersFile.write(file, attribution.graph(), attribution.sums()));
        }
        if (spec.references().has(Reference.SENTENCES)) {
          directory.write("sentences.jsonl", references.lines());
        }

        Selection selection = spec.selection(attribution.graph());
        Circuit circuit = selection.of(attribution);
        warnOfNothingChosen(circuit, selection, log);
        directory.write(
            "circuit.json",
            file ->
                CircuitJson.write(
                    file, circuit, selection.words(), attribution, experiment.width()));

        Faithfulness own = evaluation.of(circuit);
        Faithfulness random =
            evaluation.of(RandomCircuits.like(circuit, spec.attribution().seed()));
        result =
            new DiscoveryResult(
                spec,
                directory.path(),
                experiment.task().pairs().size(),
                attribution,
                attribution.significance(),
                stability,
                circuit,
                references,
                own,
                random,
                log.seconds());
        directory.write("metrics.json", result.metrics());
      }
      directory.finish();
      return result;
    }
  }

  /**
   * What {@link #run} would do and take; nothing is sampled.
   *
   * @throws IllegalArgumentException as {@link #run}
   */
  public static RunPlan plan(DiscoverySpec spec, DiscoveryListener listener) throws IOException {
    spec.references().require(spec.attribution(), spec.objective(), spec.sampling().maxNewTokens());
    try (Experiment experiment = Experiment.open(spec, listener)) {
      requireSentences(spec, experiment);
      return plan(experiment);
    }
  }

  private static RunPlan plan(Experiment experiment) {
    boolean gradient = experiment.spec().attribution().method().isGradient();
    return new RunPlan(
        experiment.memory(gradient ? MemoryPlan.Purpose.DISCOVERY : MemoryPlan.Purpose.EVALUATION),
        WorkEstimate.of(experiment.workload()));
  }

  private static void requireSentences(DiscoverySpec spec, Experiment experiment) {
    if (!spec.references().has(Reference.SENTENCES)) {
      return;
    }
    if (experiment.text().codec() == null) {
      throw new IllegalArgumentException(
          "--reference sentences reads text, but the model has no tokenizer: leave it out");
    }
    if (experiment.task().sampling().corruption() instanceof Corruption.Resample) {
      throw new IllegalArgumentException(
          "--reference sentences continues chains of thought, which have no beginning that --corruption resample could pair them with: leave one out");
    }
  }

  private static void warnOfNothingChosen(Circuit circuit, Selection selection, RunLog log) {
    if (circuit.size() == 0) {
      log.say(
          "warning: the circuit is empty: no path from input to logits has only edges of %s; choose others with cotrace select"
              .formatted(selection.words()));
    }
  }

  /** A text that never has, or always has, what is looked for leaves nothing to attribute. */
  private static void warnOfConstants(DiscoverySpec spec, Evaluation ends, RunLog log) {
    Estimate clean = ends.clean();
    if (clean.standardError() == 0 && clean.equals(ends.corrupted())) {
      log.say(
          "warning: %s is %.4g in every rollout of J(0) and J(1), so there may be nothing to attribute; see whether what it looks for can be sampled before a rollout ends (docs/tasks.md)"
              .formatted(spec.objective(), clean.value()));
    }
  }
}
