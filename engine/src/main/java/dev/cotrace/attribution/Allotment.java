package dev.cotrace.attribution;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Deals out a round's rollouts to the nodes of a rule, from how far apart their gradients were in
 * the rounds before (Neyman 1934).
 *
 * <p>Every round is an unbiased estimate whatever earlier rounds made of its allotment, and rounds
 * count the same: so is their mean.
 */
final class Allotment {
  private final double[] weight;
  private final double[] spread; // Σ of the measured variances of one rollout's gradient
  private final long[] measured;
  private final double[][] last; // [node][prompt], gradient of the round before over all edges
  private final int[][] lastRollouts; // [node][prompt]

  /** For nodes of these weights; nothing is measured yet. */
  Allotment(double[] weight, int prompts) {
    this(
        weight,
        new double[weight.length],
        new long[weight.length],
        new double[weight.length][prompts],
        new int[weight.length][prompts]);
    Arrays.stream(last).forEach(node -> Arrays.fill(node, Double.NaN));
  }

  private Allotment(
      double[] weight, double[] spread, long[] measured, double[][] last, int[][] lastRollouts) {
    this.weight = weight;
    this.spread = spread;
    this.measured = measured;
    this.last = last;
    this.lastRollouts = lastRollouts;
  }

  /** For the nodes of several, with what they measured. */
  static Allotment together(List<Allotment> parts) {
    return new Allotment(
        parts.stream().flatMapToDouble(p -> Arrays.stream(p.weight)).toArray(),
        parts.stream().flatMapToDouble(p -> Arrays.stream(p.spread)).toArray(),
        parts.stream().flatMapToLong(p -> Arrays.stream(p.measured)).toArray(),
        parts.stream().flatMap(p -> Stream.of(p.last)).toArray(double[][]::new),
        parts.stream().flatMap(p -> Stream.of(p.lastRollouts)).toArray(int[][]::new));
  }

  /**
   * Takes note of one group. How much a rollout's gradient varies shows from one round of a prompt
   * to the next: within a group, rollouts share places, whose part in each one's gradient is not
   * known.
   *
   * @param total the group's gradient summed over edges
   */
  void add(int node, Job job, double total) {
    int prompt = job.prompt();
    double step = total - last[node][prompt];
    double rounds = 1.0 / job.rollouts() + 1.0 / lastRollouts[node][prompt];
    last[node][prompt] = total;
    lastRollouts[node][prompt] = job.rollouts();
    if (!Double.isNaN(step)) {
      spread[node] += step * step / rounds;
      measured[node]++;
    }
  }

  /** Writes what was measured. */
  void save(DataOutput out) throws IOException {
    for (int node = 0; node < weight.length; node++) {
      out.writeDouble(spread[node]);
      out.writeLong(measured[node]);
      Doubles.write(out, last[node]);
      for (int rollouts : lastRollouts[node]) {
        out.writeInt(rollouts);
      }
    }
  }

  /** Takes up what was measured at as many nodes and prompts. */
  void restore(DataInput in) throws IOException {
    for (int node = 0; node < weight.length; node++) {
      spread[node] = in.readDouble();
      measured[node] = in.readLong();
      Doubles.read(in, last[node]);
      for (int prompt = 0; prompt < lastRollouts[node].length; prompt++) {
        lastRollouts[node][prompt] = in.readInt();
      }
    }
  }

  /**
   * Rollouts for each node, at most {@code each} on average: half of them alike, because a node
   * that has shown no spread may have missed what is rare there, and the others in proportion to
   * weight times standard deviation. {@code each} while nothing is measured.
   *
   * @param fewest that a node is given
   * @param most that a node is given
   */
  int[] rollouts(int each, int fewest, int most) {
    double[] need = new double[weight.length];
    Arrays.setAll(
        need,
        node ->
            measured[node] == 0
                ? 0
                : Math.abs(weight[node]) * Math.sqrt(spread[node] / measured[node]));
    double total = Arrays.stream(need).sum();
    int[] rollouts = new int[weight.length];
    Arrays.fill(rollouts, each);
    if (total > 0) {
      int alike = Math.min(each, Math.max(fewest, (each + 1) / 2));
      // Rounding down keeps within the total.
      double toDeal = (double) (each - alike) * weight.length;
      Arrays.setAll(
          rollouts,
          node -> Math.min(Math.max(each, most), alike + (int) (toDeal * need[node] / total)));
    }
    return rollouts;
  }
}
