package dev.cotrace.cli;

import dev.cotrace.DiscoveryResult;
import dev.cotrace.circuit.BinScores;
import dev.cotrace.circuit.Estimate;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;

/** Scores by bin on a terminal. */
final class BinTable {
  private static final String LINE = "  %-14s %22s %22s %22s   %s%n";

  private BinTable() {}

  /** One line for each bin that has any score: the sums over edges, and the strongest edge. */
  static void print(PrintWriter out, DiscoveryResult result) {
    List<BinScores> all = result.attribution().byBin();
    if (all.isEmpty()) {
      return;
    }
    List<BinScores> bins = all.stream().filter(BinTable::hasScores).toList();
    out.printf(
        "%nBy position (--bins %s), summed over all %s:%n",
        result.spec().bins(), result.attribution().units().nouns());
    out.printf(
        LINE,
        "bin",
        "score",
        "direct",
        "through the words",
        "strongest " + result.attribution().units().noun());
    Numbers sums = Numbers.like(bins.stream().mapToDouble(bin -> bin.total().sum().value()));
    for (BinScores bin : bins) {
      out.printf(
          LINE,
          bin.name(),
          sums.signedOf(bin.total().sum()),
          sums.signedOf(bin.direct().sum()),
          sums.signedOf(bin.throughCot().sum()),
          strongest(result, bin));
    }
    if (bins.size() < all.size()) {
      out.printf(
          "  Bins without scores, where no token was or both runs are alike: %d.%n",
          all.size() - bins.size());
    }
  }

  private static boolean hasScores(BinScores bin) {
    return Arrays.stream(bin.total().values()).anyMatch(value -> value != 0);
  }

  private static String strongest(DiscoveryResult result, BinScores bin) {
    int cell = result.strongest(bin.total(), 1).getFirst();
    Estimate score = bin.total().at(cell);
    Numbers numbers = Numbers.like(DoubleStream.of(score.value()));
    return result.attribution().units().name(cell) + " " + numbers.signedOf(score);
  }
}
