package dev.cotrace.cli;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Estimate;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Layers × heads with a column for MLPs, and the input: a cell for each component, coloured by its
 * score. Where numbers with errors do not fit into a line, cells have one digit instead, and the
 * strongest components are listed.
 *
 * @param graph names the components
 * @param scores of all sources, in the order of rows
 */
record ComponentGrid(ComputationGraph graph, List<Estimate> scores, Paint paint) {
  private static final int WIDTH = 100;
  private static final int LABEL = 9;

  /** Significant digits of the largest number. */
  private static final int MOST_DIGITS = 4;

  private static final int LEAST_DIGITS = 2;

  /** Width of a cell with a sign and one digit. */
  private static final int DIGIT = 2;

  private static final int LISTED = 8;

  /** Normal errors: 95 % of estimates lie within as many standard errors. */
  private static final double CONVINCING = 1.96;

  /**
   * Prints it.
   *
   * @param after what to say after the name of the scores
   */
  void print(PrintWriter out, String after) {
    out.printf("%nThe sum over the outgoing edges of each component%s", after);
    for (int digits = MOST_DIGITS; digits >= LEAST_DIGITS; digits--) {
      Numbers numbers = Numbers.like(digits, scores.stream().mapToDouble(Estimate::value));
      IntFunction<List<String>> line = source -> List.of(numbers.signedOf(scores.get(source)));
      if (fits(line)) {
        out.println(":");
        rows(out, line, width(line), 0, graph.heads() + 1);
        return;
      }
    }
    int exponent = largest() == 0 ? 0 : (int) Math.floor(Math.log10(largest()));
    IntFunction<List<String>> stacked = source -> stacked(scores.get(source), exponent);
    if (fits(stacked)) {
      out.printf(", in units of 1e%d:%n", exponent);
      rows(out, stacked, width(stacked), 0, graph.heads() + 1);
    } else {
      out.println(":");
      digits(out);
    }
  }

  /** The value over its error, in units of a power of ten. */
  private static List<String> stacked(Estimate score, int exponent) {
    double unit = Math.pow(10, exponent);
    double error = score.standardError();
    Numbers numbers = new Numbers(1);
    String below = Double.isNaN(error) ? "±?" : "±" + numbers.number(error / unit);
    return List.of(numbers.signed(score.value() / unit), error == 0 ? "" : below);
  }

  private boolean fits(IntFunction<List<String>> cell) {
    return LABEL + (graph.heads() + 1) * (width(cell) + 1) <= WIDTH;
  }

  private int width(IntFunction<List<String>> cell) {
    return IntStream.range(0, scores.size())
        .mapToObj(cell)
        .flatMap(List::stream)
        .mapToInt(String::length)
        .max()
        .orElse(0);
  }

  /** One digit for each component, heads in as many panels as they need. */
  private void digits(PrintWriter out) {
    int columns = (WIDTH - LABEL) / (DIGIT + 1);
    for (int from = 0; from <= graph.heads(); from += columns) {
      rows(out, source -> List.of(digit(scores.get(source))), DIGIT, from, from + columns);
    }
    List<Integer> strongest = strongest();
    Estimate first = scores.get(strongest.getFirst());
    Numbers numbers = Numbers.like(DoubleStream.of(largest()));
    out.printf(
        "9 is %s, the largest; · is within two standard errors of zero%s. The strongest:%n",
        numbers.number(largest()),
        Double.isNaN(first.standardError()) ? ", where errors are known" : "");
    for (int source : strongest) {
      out.printf("  %-8s %22s%n", graph.sourceNode(source), numbers.signedOf(scores.get(source)));
    }
  }

  private List<Integer> strongest() {
    return IntStream.range(0, scores.size())
        .boxed()
        .sorted(Comparator.comparingDouble((Integer source) -> -size(scores.get(source))))
        .limit(LISTED)
        .toList();
  }

  /** Ninths of the largest, with a sign. */
  private String digit(Estimate score) {
    if (size(score) <= CONVINCING * score.standardError() || score.value() == 0) {
      return " ·";
    }
    return "%+d".formatted(Math.round(9 * share(score)));
  }

  private void rows(PrintWriter out, IntFunction<List<String>> cell, int width, int from, int to) {
    int end = Math.min(to, graph.heads() + 1);
    if (from == 0) {
      row(out, "input", List.of(graph.inputSource()), cell, width);
    }
    StringBuilder header = new StringBuilder(" ".repeat(LABEL));
    for (int column = from; column < end; column++) {
      String name = column == graph.heads() ? "mlp" : width > DIGIT ? "h" + column : "" + column;
      header.append(" ".repeat(Math.max(0, width - name.length()))).append(name).append(' ');
    }
    out.println(header.toString().stripTrailing());
    for (int layer = 0; layer < graph.layers(); layer++) {
      int first = graph.headSource(layer);
      row(
          out,
          "layer " + layer,
          IntStream.range(from, end).mapToObj(column -> first + column).toList(),
          cell,
          width);
    }
  }

  /** The cells of some sources beside each other, as many lines as each of them has. */
  private void row(
      PrintWriter out,
      String label,
      List<Integer> sources,
      IntFunction<List<String>> cell,
      int width) {
    int lines = cell.apply(sources.getFirst()).size();
    for (int line = 0; line < lines; line++) {
      StringBuilder text =
          new StringBuilder((line == 0 ? "%-" + LABEL + "s" : " ".repeat(LABEL)).formatted(label));
      for (int source : sources) {
        String number = cell.apply(source).get(line);
        String padded = " ".repeat(width - number.length()) + number + " ";
        text.append(paint.on(padded, share(scores.get(source))));
      }
      out.println(paint.isColored() ? text : text.toString().stripTrailing());
    }
  }

  private static double size(Estimate score) {
    return Math.abs(score.value());
  }

  /** Of the largest |score|, with its sign. */
  private double share(Estimate score) {
    return largest() == 0 ? 0 : score.value() / largest();
  }

  private double largest() {
    return scores.stream().mapToDouble(ComponentGrid::size).max().orElse(0);
  }
}
