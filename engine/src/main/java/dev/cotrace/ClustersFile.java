package dev.cotrace;

import dev.cotrace.circuit.ClusterSums;
import dev.cotrace.circuit.Units;
import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.Safetensors;
import dev.cotrace.format.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Scores by cluster of prompts as safetensors: what another run on the same prompts is compared
 * with.
 *
 * <p>F32 tensors {@code direct_C} and {@code through_cot_C} for every cluster C from 0, {@code
 * [n_src, n_dst]} in EAP-IG's order, or {@code [units]}: the parts of the score of that cluster
 * alone, in the unit of J. Metadata: {@code format_version}, and {@code units}, the number of
 * (prompt, repeat) units in each cluster, by which clusters weigh in the scores of the run, joined
 * by commas.
 */
final class ClustersFile {
  private static final String VERSION = "1";
  private static final String DIRECT = "direct_";
  private static final String THROUGH_COT = "through_cot_";

  private ClustersFile() {}

  /** Writes the sums of an attribution by cluster. */
  static void write(Path file, Units own, ClusterSums sums) throws IOException {
    String units =
        String.join(
            ",",
            IntStream.range(0, sums.count())
                .mapToObj(cluster -> String.valueOf(sums.units(cluster)))
                .toList());
    List<StoredTensor> tensors = new ArrayList<>();
    for (int cluster = 0; cluster < sums.count(); cluster++) {
      tensors.add(tensor(DIRECT + cluster, own, sums, ClusterSums.DIRECT, cluster));
      tensors.add(tensor(THROUGH_COT + cluster, own, sums, ClusterSums.THROUGH_COT, cluster));
    }
    Safetensors.write(file, Map.of("format_version", VERSION, "units", units), tensors);
  }

  private static StoredTensor tensor(
      String name, Units own, ClusterSums sums, int part, int cluster) {
    float[] scores = new float[own.cells()];
    for (int cell = 0; cell < scores.length; cell++) {
      scores[cell] = (float) sums.score(part, cluster, cell);
    }
    return StoredTensor.of(name, scores, own.shape());
  }

  /** Reads what {@link #write} wrote. */
  static ClusterSums read(Path file, Units own) throws IOException {
    try (Safetensors stored = Safetensors.open(file)) {
      int[] units = units(file, stored.metadata().getOrDefault("units", ""));
      return new ClusterSums(
          List.of(sums(stored, DIRECT, own, units), sums(stored, THROUGH_COT, own, units)), units);
    }
  }

  private static int[] units(Path file, String text) {
    try {
      int[] units = Stream.of(text.split(",", -1)).mapToInt(Integer::parseInt).toArray();
      if (Arrays.stream(units).allMatch(count -> count > 0)) {
        return units;
      }
    } catch (NumberFormatException _) {
      // Said below.
    }
    throw new MalformedModelException(
        file, 0, "expected units to be numbers above 0 joined by commas, got '%s'".formatted(text));
  }

  private static double[][] sums(Safetensors stored, String name, Units own, int[] units) {
    double[][] sums = new double[units.length][];
    for (int cluster = 0; cluster < units.length; cluster++) {
      double[] scores = ScoresFile.matrix(stored.tensor(name + cluster), stored.path(), own);
      for (int cell = 0; cell < scores.length; cell++) {
        scores[cell] *= units[cluster];
      }
      sums[cluster] = scores;
    }
    return sums;
  }
}
