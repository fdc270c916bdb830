package dev.cotrace;

import dev.cotrace.circuit.Agreement;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.circuit.ReferenceScores;
import dev.cotrace.circuit.Scores;
import dev.cotrace.circuit.Significance;
import dev.cotrace.circuit.Stability;
import java.nio.file.Path;
import java.util.List;

/**
 * What a discovery found.
 *
 * @param spec what was asked
 * @param run the run directory
 * @param pairs number of prompt pairs
 * @param attribution scores of all edges
 * @param significance of the scores
 * @param stability of the top edges, as many as were asked for
 * @param circuit the edges chosen
 * @param references what stands beside the scores
 * @param circuitFaithfulness of {@code circuit}, sampled from it
 * @param randomFaithfulness of a random circuit of the same size: what chance would give
 * @param seconds of wall time, without loading
 */
public record DiscoveryResult(
    DiscoverySpec spec,
    Path run,
    int pairs,
    Attribution attribution,
    Significance significance,
    Stability stability,
    Circuit circuit,
    RunReferences references,
    Faithfulness circuitFaithfulness,
    Faithfulness randomFaithfulness,
    double seconds) {
  /** Cells of the {@code count} edges with the largest |score|, the largest first. */
  public List<Integer> strongest(int count) {
    return strongest(attribution.total(), count);
  }

  /** As {@link #strongest(int)} by the scores {@code by}, those of a bin for example. */
  public List<Integer> strongest(Scores by, int count) {
    return by.strongest(attribution.units(), count);
  }

  /**
   * How far {@code reference} agrees with the scores of the run, in as many edges as its circuit.
   */
  public Agreement agreement(ReferenceScores reference) {
    return Agreement.of(
        attribution.units(),
        new Agreement.Side(attribution.total().values(), attribution.direction()),
        new Agreement.Side(reference.scores().values(), reference.direction()),
        stability.size(),
        spec.attribution().ranking());
  }

  /** The numbers of this result as JSON, as metrics.json holds them. */
  public String metrics() {
    return ResultJson.of(this).toPrettyString();
  }

  /** As {@link #metrics} with the run directory, in one line. */
  public String json() {
    return ResultJson.of(this).put("run", run.toString()).toString();
  }
}
