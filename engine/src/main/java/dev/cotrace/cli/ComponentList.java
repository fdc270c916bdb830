package dev.cotrace.cli;

import dev.cotrace.circuit.Component;
import dev.cotrace.circuit.Estimate;
import java.io.PrintWriter;
import java.util.List;

/** Components that are no grid of layers and heads, a line for each, coloured by their scores. */
record ComponentList(List<Component> components, List<Estimate> scores, Paint paint) {
  /**
   * Prints them.
   *
   * @param after what to say after the name of the scores
   */
  void print(PrintWriter out, String after) {
    double largest = scores.stream().mapToDouble(score -> Math.abs(score.value())).max().orElse(0);
    Numbers numbers = Numbers.like(scores.stream().mapToDouble(Estimate::value));
    out.printf("%nThe sum over the units of each component%s:%n", after);
    for (int i = 0; i < scores.size(); i++) {
      Component component = components.get(i);
      String line =
          "  %-8s %6d %22s"
              .formatted(
                  component.name(), component.cells().length, numbers.signedOf(scores.get(i)));
      out.println(paint.on(line, largest == 0 ? 0 : scores.get(i).value() / largest));
    }
  }
}
