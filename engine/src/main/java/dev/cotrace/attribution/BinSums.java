package dev.cotrace.attribution;

import dev.cotrace.circuit.BinScores;
import dev.cotrace.circuit.Scores;
import dev.cotrace.rollout.GradientByBin;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Weighted gradients by bin of positions, added up cluster by cluster. */
final class BinSums {
  private final int bins;
  private final int cells;
  private final @Nullable GradientByBin[] parts =
      new @Nullable GradientByBin[Clusters.MOST]; // null for clusters nothing was added to

  BinSums(int bins, int cells) {
    this.bins = bins;
    this.cells = cells;
  }

  int bins() {
    return bins;
  }

  void add(int cluster, double weight, GradientByBin gradient) {
    if (bins > 0) {
      part(cluster).add(weight, gradient);
    }
  }

  void add(BinSums other) {
    for (int cluster = 0; cluster < parts.length; cluster++) {
      GradientByBin more = other.parts[cluster];
      if (more != null) {
        part(cluster).add(1, more);
      }
    }
  }

  void save(DataOutput out) throws IOException {
    Doubles.writeParts(
        out,
        parts,
        part -> {
          for (int bin = 0; bin < bins; bin++) {
            Doubles.write(out, part.direct()[bin]);
            Doubles.write(out, part.throughCot()[bin]);
          }
        });
  }

  void restore(DataInput in) throws IOException {
    for (int cluster = 0; cluster < parts.length; cluster++) {
      if (in.readBoolean()) {
        GradientByBin part = part(cluster);
        for (int bin = 0; bin < bins; bin++) {
          Doubles.read(in, part.direct()[bin]);
          Doubles.read(in, part.throughCot()[bin]);
        }
      }
    }
  }

  private GradientByBin part(int cluster) {
    GradientByBin part = parts[cluster];
    if (part == null) {
      part = GradientByBin.zero(bins, cells);
      parts[cluster] = part;
    }
    return part;
  }

  List<BinScores> scores(List<String> names, Clusters clusters) {
    List<BinScores> scores = new ArrayList<>();
    for (int bin = 0; bin < bins; bin++) {
      int at = bin;
      scores.add(
          new BinScores(
              names.get(bin),
              scores(clusters, (c, e) -> direct(c, at)[e] + throughCot(c, at)[e]),
              scores(clusters, (c, e) -> direct(c, at)[e]),
              scores(clusters, (c, e) -> throughCot(c, at)[e])));
    }
    return scores;
  }

  private double[] direct(int cluster, int bin) {
    return part(cluster).direct()[bin];
  }

  private double[] throughCot(int cluster, int bin) {
    return part(cluster).throughCot()[bin];
  }

  private Scores scores(Clusters clusters, AttributionSum.Sums sums) {
    return AttributionSum.scores(clusters, cells, sums);
  }
}
