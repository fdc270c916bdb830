package dev.cotrace.rollout;

import dev.cotrace.gate.GateGradients;
import dev.cotrace.gate.Parts;
import dev.cotrace.rollout.TranscriptScorer.Group;
import dev.cotrace.rollout.TranscriptScorer.GroupGradient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** From the groups of a batch to the parts of its gradient, and back. */
final class GroupGradients {
  private GroupGradients() {}

  /** One part for each group, or, where there are bins, for each bin of each group. */
  static Parts parts(List<Group> groups, Bins bins) {
    if (bins.names().isEmpty()) {
      return Parts.ofRows(groups.stream().mapToInt(g -> g.transcripts().size()).toArray());
    }
    int count = bins.names().size();
    List<int[]> partOf = new ArrayList<>();
    for (int group = 0; group < groups.size(); group++) {
      int first = group * count;
      for (Transcript transcript : groups.get(group).transcripts()) {
        partOf.add(Arrays.stream(bins.of(transcript)).map(bin -> first + bin).toArray());
      }
    }
    return new Parts(partOf, groups.size() * count);
  }

  /**
   * The gradient of each group.
   *
   * @param gradients of the cotangents direct and score, by {@link #parts}
   */
  static List<GroupGradient> collect(
      List<Group> groups,
      Bins bins,
      GateGradients gradients,
      List<Measurement> measurements,
      List<Weighting.Weights> weights) {
    int place = 0;
    int binCount = bins.names().size();
    List<GroupGradient> collected = new ArrayList<>();
    int row = 0;
    for (int group = 0; group < groups.size(); group++) {
      List<Transcript> transcripts = groups.get(group).transcripts();
      double[][] advantages = weights.get(group).advantage();
      List<Credit> credits = new ArrayList<>();
      for (int i = 0; i < transcripts.size(); i++) {
        credits.add(Credit.of(transcripts.get(i), advantages[i], gradients.positions(), place));
        place += transcripts.get(i).clean().length;
      }
      int parts = Math.max(1, binCount);
      double[][][] own = Arrays.copyOfRange(gradients.units(), group * parts, (group + 1) * parts);
      int next = row + transcripts.size();
      collected.add(
          new GroupGradient(
              sum(own, 0),
              sum(own, 1),
              List.copyOf(measurements.subList(row, next)),
              weights.get(group),
              binCount == 0
                  ? GradientByBin.zero(0, 0)
                  : new GradientByBin(each(own, 0), each(own, 1)),
              credits));
      row = next;
    }
    return collected;
  }

  private static double[][] each(double[][][] parts, int cotangent) {
    return Arrays.stream(parts).map(part -> part[cotangent]).toArray(double[][]::new);
  }

  private static double[] sum(double[][][] parts, int cotangent) {
    double[] sum = parts[0][cotangent].clone();
    for (int part = 1; part < parts.length; part++) {
      double[] more = parts[part][cotangent];
      for (int cell = 0; cell < sum.length; cell++) {
        sum[cell] += more[cell];
      }
    }
    return sum;
  }
}
