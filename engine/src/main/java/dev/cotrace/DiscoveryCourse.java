package dev.cotrace;

import dev.cotrace.attribution.Evaluation;
import dev.cotrace.attribution.ExactEffects;
import dev.cotrace.attribution.IntegratedGradient;
import dev.cotrace.attribution.Layout;
import dev.cotrace.attribution.RandomScores;
import dev.cotrace.attribution.Reference;
import dev.cotrace.attribution.Runner;
import dev.cotrace.attribution.Shard;
import dev.cotrace.attribution.ShardRunner;
import dev.cotrace.attribution.Workload;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Method;
import dev.cotrace.circuit.Selection;
import dev.cotrace.circuit.Stability;
import dev.cotrace.report.CircuitJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * What a discovery does once all is loaded, from J(0) to the files of its directory. It does the
 * same whether it begins or goes on: what a checkpoint knows is not computed again.
 */
final class DiscoveryCourse {
  private final RunDirectory directory;
  private final Experiment experiment;
  private final DiscoverySpec spec;
  private final RunLog log;

  DiscoveryCourse(RunDirectory directory, Experiment experiment, RunLog log) {
    this.directory = directory;
    this.experiment = experiment;
    this.log = log;
    spec = experiment.spec();
  }

  /** Hears how it goes. */
  RunLog log() {
    return log;
  }

  /** The name that the directory will have. */
  Path path() {
    return directory.path();
  }

  /** Where its files are meanwhile. */
  Path files() {
    return directory.incomplete();
  }

  /**
   * What it is done with that the run of {@code provenance} was not.
   *
   * @throws IllegalArgumentException when it reads other inputs
   */
  List<String> changes(JsonNode provenance, Path run) throws IOException {
    JsonNode now = Provenance.asJson(experiment);
    for (String what : Provenance.INPUTS) {
      String difference = Provenance.difference(what, provenance, now);
      if (!difference.isEmpty()) {
        throw new IllegalArgumentException(
            "cannot do %s again: %s; put back what it was done with".formatted(run, difference));
      }
    }
    List<String> changes = new ArrayList<>();
    for (String what : List.of("versions", "device", "machine")) {
      String difference = Provenance.difference(what, provenance, now);
      if (!difference.isEmpty()) {
        changes.add(difference);
        log.say(difference);
      }
    }
    return changes;
  }

  /** What it is about, laid out so. */
  Workload work(Layout layout) {
    return experiment.workload().with(layout);
  }

  /** All of it. */
  DiscoveryResult run(Layout layout, Runner runner) throws IOException {
    Workload work = work(layout);
    boolean compares = !spec.references().reference().isEmpty();
    boolean exact = spec.attribution().method() == Method.EXACT;
    Evaluation evaluation = new Evaluation(work, runner, compares || exact);
    warnOfConstants(spec, evaluation, log);
    IntegratedGradient gradient = new IntegratedGradient(work, evaluation);
    Attribution attribution = attribute(work, evaluation, gradient);
    log.say(attribution.completeness());
    int size = spec.top().of(attribution.units());
    Stability stability =
        attribution.stability(size, spec.attribution().ranking(), spec.attribution().seed());
    RunReferences references =
        compares ? RunReferences.of(gradient.references(), experiment) : RunReferences.NONE;
    writeScores(attribution, stability, references);

    Selection selection = spec.selection(attribution.units());
    Circuit circuit = selection.of(attribution);
    warnOfNothingChosen(circuit, selection, log);
    directory.write(
        "circuit.json",
        file ->
            CircuitJson.write(file, circuit, selection.words(), attribution, experiment.width()));

    Faithfulness own = evaluation.of(circuit);
    Faithfulness random = evaluation.of(RandomCircuits.like(circuit, spec.attribution().seed()));
    DiscoveryResult result =
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
    return result;
  }

  private Attribution attribute(Workload work, Evaluation evaluation, IntegratedGradient gradient) {
    return switch (spec.attribution().method()) {
      case EXACT -> new ExactEffects(work, evaluation).attribute();
      case RANDOM -> RandomScores.attribute(work, evaluation);
      case IG_GATES, EAP_IG_INPUTS, EAP_IG_ACTIVATIONS, CLEAN_CORRUPTED, EAP ->
          gradient.attribute();
    };
  }

  /** What a shard does of it: the sums that scores are made of. */
  long sums(Layout layout, Shard shard, Runner whole) {
    Workload work = work(layout);
    boolean exact = spec.attribution().method() == Method.EXACT;
    Evaluation evaluation = new Evaluation(work, new ShardRunner(whole, shard, work), exact);
    return attribute(work, evaluation, new IntegratedGradient(work, evaluation)).sampledTokens();
  }

  private void writeScores(Attribution attribution, Stability stability, RunReferences references)
      throws IOException {
    directory.write(
        "scores.safetensors",
        file ->
            ScoresFile.write(
                file, attribution, stability, spec.bins().toString(), references.scores()));
    if (attribution.sums().count() > 0) {
      directory.write(
          "clusters.safetensors",
          file -> ClustersFile.write(file, attribution.units(), attribution.sums()));
    }
    if (spec.references().has(Reference.SENTENCES)) {
      directory.write("sentences.jsonl", references.lines());
    }
  }

  private static void warnOfNothingChosen(Circuit circuit, Selection selection, RunLog log) {
    if (circuit.size() == 0) {
      log.say(
          "warning: the circuit is empty: %s %s; choose others with cotrace select"
              .formatted(
                  circuit.units().level() == Level.EDGE
                      ? "no path from input to logits has only edges of"
                      : "none is of",
                  selection.words()));
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
