package dev.cotrace.rollout;

import dev.cotrace.gate.Gates;
import dev.cotrace.gate.MaskedRun;
import dev.cotrace.rollout.TranscriptScorer.Group;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * The gradient of the expected worth of transcripts with respect to the gate of every edge, where
 * each edge has a gate of its own.
 *
 * @param scorer measures the transcripts
 */
public record MaskScorer(TranscriptScorer scorer) {
  /**
   * The gradient of the sum over groups of E[F], direct and through-CoT part together.
   *
   * @param gradient row-major {@code [nSrc, nDst]}
   * @param value the sum over groups of E[F], as their weights estimate it
   */
  public record MaskGradient(double[] gradient, double value) {}

  /**
   * The gradient at {@code gates}, of transcripts drawn there, in one pass forward and one back.
   */
  public MaskGradient gradient(Gates.PerEdge gates, List<Group> groups) {
    List<Transcript> transcripts = TranscriptScorer.transcripts(groups);
    try (MaskedRun run = new MaskedRun(scorer.model(), gates, scorer.pairs(transcripts))) {
      return scorer.read(
          groups,
          run::finalReads,
          batch -> {
            Tensor cotangents = batch.cotangents(1).select(0, 0);
            batch.addDirect(cotangents);
            batch.addScore(cotangents, batch.weight(), batch.advantages());
            return new MaskGradient(run.gradient(cotangents), value(batch));
          });
    }
  }

  private double value(TranscriptScorer.Read batch) {
    double[] weight = batch.weight();
    double value = 0;
    for (int row = 0; row < weight.length; row++) {
      value += weight[row] * scorer.objective().value(batch.measurements().get(row));
    }
    return value;
  }
}
