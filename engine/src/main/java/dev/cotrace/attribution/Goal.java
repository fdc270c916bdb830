package dev.cotrace.attribution;

import dev.cotrace.circuit.Attribution;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.apache.commons.statistics.distribution.TDistribution;

/** Decides after each round whether another one is wanted and affordable. */
final class Goal implements Kept {
  /** Rounds after which an error is known well enough to compare later ones with it. */
  private static final int ENOUGH = 4;

  /** A number of rounds that is no use to print. */
  private static final double FAR = 1e6;

  /** A squared error that stays above this share of what it was is stuck; a quarter is expected. */
  private static final double STUCK = 0.7;

  /** Half the width of a 95 % interval in standard errors, when they are known. */
  private static final double NORMAL =
      NormalDistribution.of(0, 1).inverseSurvivalProbability(0.025);

  private final Workload work;
  private final Until until;
  private final RunListener listener;
  private final long started = System.nanoTime();
  private double minutesBefore;
  private int judged;
  private int verdict;
  private double markedError = Double.POSITIVE_INFINITY;
  private int nextMark = ENOUGH;

  Goal(Workload work, RunListener listener) {
    this.work = work;
    until = work.settings().until();
    this.listener = listener;
  }

  /** How many more rounds to make; 0 ends the run. The same as often as it is asked. */
  int moreRounds(Attribution attribution, int rounds) {
    if (rounds != judged) {
      verdict = judge(attribution, rounds);
      judged = rounds;
    }
    return verdict;
  }

  private int judge(Attribution attribution, int rounds) {
    int repeats = work.repeats();
    if (rounds < repeats) {
      // Each round's allotment learns from the ones before it.
      return 1;
    }
    if (work.exact() || !until.goesOn()) {
      return 0;
    }
    List<String> distance = new ArrayList<>();
    boolean reached = until.wantsPrecision() && precise(attribution, rounds, distance);
    boolean spent = spent(attribution, rounds, distance);
    String words = verdict(attribution, rounds, reached, spent);
    listener.say(
        "after %d %s: %s%s"
            .formatted(
                rounds, rounds == 1 ? "round" : "rounds", String.join(", ", distance), words));
    return words.isEmpty() ? 1 : 0;
  }

  private String verdict(Attribution attribution, int rounds, boolean reached, boolean spent) {
    if (reached) {
      return ": reached";
    }
    if (spent) {
      return ": the next round would go beyond the budget";
    }
    return hopeless(attribution, rounds)
        ? ": more rounds will not do, because the prompts differ by more than that; add prompts"
        : "";
  }

  private boolean precise(Attribution attribution, int rounds, List<String> distance) {
    boolean precise = true;
    if (until.standardError() > 0) {
      double error = largestError(attribution);
      precise = error <= until.standardError();
      distance.add(
          "largest standard error %.3g of %.3g wanted (%.3g, times %.3g for %d clusters)"
              .formatted(
                  error,
                  until.standardError(),
                  error / factor(attribution),
                  factor(attribution),
                  attribution.clusters()));
      double far = error / until.standardError();
      double more = Math.ceil(rounds * (far * far - 1));
      if (more > 0 && more < FAR) {
        distance.add("at least %.0f more rounds".formatted(more));
      }
    }
    if (until.stability() > 0) {
      double stability =
          attribution
              .stability(until.top(), work.settings().ranking(), work.settings().seed())
              .jaccard();
      precise &= stability >= until.stability();
      distance.add(
          "stability of the top %d %.3f of %.3f wanted"
              .formatted(until.top(), stability, until.stability()));
    }
    return precise;
  }

  /** Whether one more round would go beyond what the run may cost, going by those so far. */
  private boolean spent(Attribution attribution, int rounds, List<String> distance) {
    boolean spent = false;
    double next = (rounds + 1.0) / rounds;
    if (until.tokens() > 0) {
      spent = attribution.sampledTokens() * next > until.tokens();
      distance.add("%,d of %,d tokens".formatted(attribution.sampledTokens(), until.tokens()));
    }
    if (until.minutes() > 0) {
      double minutes = minutes();
      spent |= minutes * next > until.minutes();
      distance.add("%.1f of %.1f minutes".formatted(minutes, until.minutes()));
    }
    return spent;
  }

  /** How long the run has taken, in all processes. */
  private double minutes() {
    return minutesBefore + (System.nanoTime() - started) / 60e9;
  }

  @Override
  public void save(DataOutput out) throws IOException {
    out.writeDouble(minutes());
    out.writeInt(judged);
    out.writeInt(verdict);
    out.writeDouble(markedError);
    out.writeInt(nextMark);
  }

  @Override
  public void restore(DataInput in) throws IOException {
    minutesBefore = in.readDouble();
    judged = in.readInt();
    verdict = in.readInt();
    markedError = in.readDouble();
    nextMark = in.readInt();
  }

  /** Nothing: where processes share the jobs, no goal was set. */
  @Override
  public void add(DataInput in) {}

  /**
   * A squared error is a + b / rounds, where a is due to prompts that differ. Where four times the
   * rounds have not brought it down much, it is nearly all a.
   */
  private boolean hopeless(Attribution attribution, int rounds) {
    boolean onePrompt = work.task().pairs().size() == 1;
    if (onePrompt || until.standardError() == 0 || rounds < nextMark) {
      return false;
    }
    double error = largestError(attribution);
    boolean stuck = error * error > STUCK * markedError * markedError;
    markedError = error;
    nextMark = 4 * rounds;
    return stuck;
  }

  /**
   * The largest standard error of an edge, larger where few clusters tell what it is: 95 %
   * intervals are ±1.96 times this wide.
   */
  private static double largestError(Attribution attribution) {
    double largest = 0;
    for (int cell : attribution.units().unitCells()) {
      largest = Math.max(largest, attribution.total().standardErrors()[cell]);
    }
    return largest * factor(attribution);
  }

  private static double factor(Attribution attribution) {
    int freedom = Math.max(1, attribution.clusters() - 1);
    return TDistribution.of(freedom).inverseSurvivalProbability(0.025) / NORMAL;
  }
}
