package dev.cotrace;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Component;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.circuit.ScorePart;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * A run as people want to look at it, from its files alone.
 *
 * @param path the directory, as it was given
 * @param settings of {@code spec.yaml}, by key
 * @param pairs number of prompt pairs
 * @param attribution the scores, with their sums by cluster where the run kept them
 * @param inclusion of every edge in the top of resampled clusters, by cell; NaN where not known
 * @param circuit the edges chosen
 * @param selection how they were chosen, in words
 * @param circuitFaithfulness what the circuit keeps
 * @param randomFaithfulness what a random one of that size keeps
 * @param sweep the newest evaluation in the directory, if there is one
 */
// The array is made for this record alone.
@SuppressWarnings("ArrayRecordComponent")
public record FinishedRun(
    Path path,
    ObjectNode settings,
    int pairs,
    Attribution attribution,
    double[] inclusion,
    Circuit circuit,
    String selection,
    Faithfulness circuitFaithfulness,
    Faithfulness randomFaithfulness,
    Optional<StoredSweep> sweep) {

  /**
   * Reads the run in {@code directory}.
   *
   * @throws IllegalArgumentException when it is not a complete run directory
   */
  public static FinishedRun read(Path directory) throws IOException {
    StoredRun run = StoredRun.read(directory);
    return new FinishedRun(
        directory,
        run.settings(),
        run.metrics().path("pairs").asInt(0),
        run.attribution().with(run.clusters()),
        ScoresFile.inclusion(directory.resolve("scores.safetensors"), run.attribution().units()),
        run.circuit().circuit(),
        run.metrics().at("/circuit/selection").asString(""),
        run.circuitFaithfulness(),
        ResultJson.faithfulness(run.metrics().path("random_circuit")),
        StoredSweep.newest(directory, run.settings()));
  }

  /** {@code metrics.json} of the run in {@code directory}. */
  public static String metrics(Path directory) throws IOException {
    return StoredRun.json(StoredRun.file(directory, "metrics.json")).toPrettyString();
  }

  /** A setting of the run as text; empty where it has none. */
  public String setting(String key) {
    return settings.path(key).asString("");
  }

  /** Cells of the {@code count} edges with the largest |score|, the largest first. */
  public List<Integer> strongest(ScorePart part, int count) {
    return part.of(attribution).strongest(attribution.units(), count);
  }

  /**
   * The score of each {@link Component}, in their order. Errors are NaN where the run kept no
   * clusters.
   */
  public List<Estimate> components(ScorePart part) {
    List<Estimate> components = new ArrayList<>();
    for (Component component : Component.of(attribution.units())) {
      components.add(part.sum(attribution, component.cells()));
    }
    return components;
  }

  /** The transcript that is asked for; empty where the run lists none with its measure. */
  public Optional<StoredTranscript> transcript(StoredTranscript.Choice choice) throws IOException {
    return TranscriptSearch.find(path, choice);
  }
}
