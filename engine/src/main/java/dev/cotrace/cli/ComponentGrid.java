package dev.cotrace.cli;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Units;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Layers × heads with a column for MLPs, and the input: a cell for each component, coloured by its
 * score. Where there is no room for numbers with errors, cells have one digit instead, and the
 * strongest components are listed.
 */
final class ComponentGrid {
  private static final int WIDTH = 100;
  private static final int LABEL = 9;

  /** Significant digits of the largest number. */
  private static final int MOST_DIGITS = 4;

  private static final int LEAST_DIGITS = 2;

  /** Width of a cell with a sign and one digit. */
  private static final int DIGIT = 2;

  /** Every so many columns have a name where there is no room between cells. */
  private static final int NAMED = 4;

  /** Layers of two lines each that are still read at a glance. */
  private static final int MOST_STACKED = 16;

  private static final int LISTED = 8;

  /** Normal errors: 95 % of estimates lie within as many standard errors. */
  private static final double CONVINCING = 1.96;

  private final ComputationGraph graph;
  private final String cells;
  private final List<Estimate> scores;
  private final Paint paint;
  private final double largest;

  /** A column for each head, and one for MLPs. */
  private final int columns;

  /** A grid of {@code scores}, one for each source of their graph in the order of rows. */
  ComponentGrid(Units units, List<Estimate> scores, Paint paint) {
    graph = units.graph();
    cells = units.level() == Level.EDGE ? "the outgoing edges" : "the units";
    this.scores = scores;
    this.paint = paint;
    largest = scores.stream().mapToDouble(ComponentGrid::size).max().orElse(0);
    columns = graph.heads() + 1;
  }

  /**
   * Prints it.
   *
   * @param after what to say after the name of the scores
   */
  void print(PrintWriter out, String after) {
    out.printf("%nThe sum over %s of each component%s", cells, after);
    for (int digits = MOST_DIGITS; digits >= LEAST_DIGITS; digits--) {
      Numbers numbers = Numbers.like(digits, scores.stream().mapToDouble(Estimate::value));
      IntFunction<List<String>> line = source -> List.of(numbers.signedOf(scores.get(source)));
      if (fits(line)) {
        out.println(":");
        rows(out, new Panel(line, width(line), 1, 0, columns));
        return;
      }
    }
    int exponent = largest == 0 ? 0 : (int) Math.floor(Math.log10(largest));
    IntFunction<List<String>> stacked = source -> stacked(scores.get(source), exponent);
    if (graph.layers() <= MOST_STACKED && fits(stacked)) {
      out.printf(", in units of 1e%d:%n", exponent);
      rows(out, new Panel(stacked, width(stacked), 1, 0, columns));
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
    String below = Double.isNaN(error) ? "±?" : "±" + numbers.rounded(error / unit);
    return List.of(numbers.signed(score.value() / unit), error == 0 ? "" : below);
  }

  private boolean fits(IntFunction<List<String>> cell) {
    return LABEL + columns * (width(cell) + 1) <= WIDTH;
  }

  private int width(IntFunction<List<String>> cell) {
    return IntStream.range(0, scores.size())
        .mapToObj(cell)
        .flatMap(List::stream)
        .mapToInt(String::length)
        .max()
        .orElse(0);
  }

  /** One digit for each component, in panels of equally many columns where one is too wide. */
  private void digits(PrintWriter out) {
    int gap = LABEL + columns * (DIGIT + 1) <= WIDTH ? 1 : 0;
    int panels = Math.ceilDiv(columns, (WIDTH - LABEL) / (DIGIT + gap));
    int each = Math.ceilDiv(columns, panels);
    for (int from = 0; from < columns; from += each) {
      IntFunction<List<String>> cell = source -> List.of(digit(scores.get(source)));
      rows(out, new Panel(cell, DIGIT, gap, from, Math.min(columns, from + each)));
    }
    List<Integer> strongest = strongest();
    Estimate first = scores.get(strongest.getFirst());
    Numbers numbers = Numbers.like(DoubleStream.of(largest));
    out.printf(
        "9 is %s, the largest; · is within two standard errors of zero%s. The strongest:%n",
        numbers.number(largest),
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

  /**
   * Some columns of the grid.
   *
   * @param cell lines of text for each source
   * @param width of a cell
   * @param gap after it
   * @param from the first column
   * @param to after the last one
   */
  private record Panel(IntFunction<List<String>> cell, int width, int gap, int from, int to) {}

  private void rows(PrintWriter out, Panel panel) {
    if (panel.from == 0) {
      row(out, panel, "input", List.of(graph.inputSource()));
    }
    StringBuilder names = new StringBuilder(" ".repeat(LABEL));
    for (int column = panel.from; column < panel.to; column++) {
      names.append(padded(name(column, panel), panel.width)).repeat(' ', panel.gap);
    }
    out.println(names.toString().stripTrailing());
    for (int layer = 0; layer < graph.layers(); layer++) {
      int first = graph.headSource(layer);
      row(
          out,
          panel,
          "layer " + layer,
          IntStream.range(panel.from, panel.to).mapToObj(column -> first + column).toList());
    }
  }

  private String name(int column, Panel panel) {
    if (column == graph.heads()) {
      return panel.width > DIGIT ? "mlp" : "m";
    }
    boolean named = panel.gap > 0 || column % NAMED == 0;
    return (panel.width > DIGIT ? "h" : "") + (named ? column : "");
  }

  /** The cells of some sources beside each other, as many lines as each of them has. */
  private void row(PrintWriter out, Panel panel, String label, List<Integer> sources) {
    int lines = panel.cell.apply(sources.getFirst()).size();
    for (int line = 0; line < lines; line++) {
      String first = line == 0 ? label : "";
      StringBuilder text = new StringBuilder(first).repeat(' ', LABEL - first.length());
      for (int source : sources) {
        String number = padded(panel.cell.apply(source).get(line), panel.width);
        text.append(paint.on(number + " ".repeat(panel.gap), share(scores.get(source))));
      }
      out.println(paint.isColored() ? text : text.toString().stripTrailing());
    }
  }

  private static String padded(String text, int width) {
    return " ".repeat(Math.max(0, width - text.length())) + text;
  }

  private static double size(Estimate score) {
    return Math.abs(score.value());
  }

  /** Of the largest |score|, with its sign. */
  private double share(Estimate score) {
    return largest == 0 ? 0 : score.value() / largest;
  }
}
