package dev.cotrace.truth;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Recovery;
import java.util.Arrays;
import java.util.Map;

/**
 * What one contender found in one run.
 *
 * @param misplaced of the true edges' |direct| + |through-CoT|, the share in the part by which an
 *     edge does not act; NaN where scores have no parts or are all zero
 */
record TrialResult(Recovery recovery, double misplaced) {
  /** What rounding makes of no effect stays below this; J is a probability. */
  private static final double ROUNDING = 1e-9;

  static TrialResult of(KnownCircuit known, Contender.Found found) {
    return new TrialResult(
        Recovery.of(rounded(found.scores()), known.truth()),
        found.attribution().map(scores -> misplaced(known, scores)).orElse(Double.NaN));
  }

  private static double misplaced(KnownCircuit known, Attribution scores) {
    double[] direct = rounded(scores.direct().values());
    double[] throughCot = rounded(scores.throughCot().values());
    double wrong = 0;
    double all = 0;
    for (Map.Entry<Integer, Way> edge : known.ways().entrySet()) {
      double around = Math.abs(direct[edge.getKey()]);
      double through = Math.abs(throughCot[edge.getKey()]);
      all += around + through;
      wrong +=
          switch (edge.getValue()) {
            case THROUGH -> around;
            case AROUND -> through;
            case BOTH -> 0;
          };
    }
    return wrong / all;
  }

  /** Edges without an effect are tied, not ranked by their rounding errors. */
  private static double[] rounded(double[] scores) {
    return Arrays.stream(scores).map(score -> Math.abs(score) < ROUNDING ? 0 : score).toArray();
  }
}
