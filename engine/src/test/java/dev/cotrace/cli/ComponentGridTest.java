package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Estimate;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The grid of components for models of every shape. */
class ComponentGridTest {
  @ParameterizedTest
  @CsvSource({"4, 4", "12, 12", "28, 16", "32, 32", "80, 64"})
  void everyComponentHasItsCellWithinAHundredColumns(int layers, int heads) {
    ComputationGraph graph = new ComputationGraph(layers, heads, false);
    List<Estimate> scores = new ArrayList<>();
    for (int source = 0; source < graph.sources(); source++) {
      scores.add(new Estimate(Math.sin(source) * 0.01, 0.001));
    }
    String plain = print(graph, scores, Paint.NONE);
    assertThat(plain.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(100));
    assertThat(plain.lines().filter(line -> line.startsWith("layer " + (layers - 1)))).isNotEmpty();
    String colored = print(graph, scores, Paint.TRUE_COLOR);
    assertThat(colored.split("48;2;", -1).length - 1)
        .as("a background for each component, for each of its lines")
        .isIn(graph.sources(), 2 * graph.sources());
    assertThat(colored.replaceAll("\u001B\\[[0-9;]*m", "").replaceAll(" +\n", "\n"))
        .as("colour adds nothing but colour")
        .isEqualTo(plain);
  }

  @Test
  void digitsAreNinthsOfTheLargestAndErrorsHideWhatTheyExplain() {
    ComputationGraph graph = new ComputationGraph(1, 32, false);
    List<Estimate> scores = new ArrayList<>();
    scores.add(new Estimate(0.9, 0.1));
    scores.add(new Estimate(-0.9, 0.1));
    scores.add(new Estimate(0.3, 0.2));
    scores.add(new Estimate(0.3, 0.1));
    scores.add(new Estimate(0.3, Double.NaN));
    while (scores.size() < graph.sources()) {
      scores.add(Estimate.exact(0));
    }
    assertThat(print(graph, scores, Paint.NONE))
        .contains("input    +9\n", "layer 0  -9 ·+3+3 · ·", "9 is 0.9000, the largest")
        .contains("\n  a0.h0          -0.9000 ± 0.1000\n");
  }

  @Test
  void numbersThatDoNotFitBesideTheirErrorsStandAboveThemInAUnit() {
    ComputationGraph graph = new ComputationGraph(1, 12, false);
    List<Estimate> scores = new ArrayList<>();
    scores.add(new Estimate(0.0084, 0.0012));
    while (scores.size() < graph.sources()) {
      scores.add(Estimate.exact(0));
    }
    assertThat(print(graph, scores, Paint.NONE))
        .contains("in units of 1e-3:\ninput    +8.4\n         ±1.2\n");
  }

  @Test
  void theScaleIsCentredAtZeroAndColourBlindPeopleReadItToo() {
    assertThat(Paint.TRUE_COLOR.on("x", 0)).contains("48;2;247;247;247m");
    assertThat(Paint.TRUE_COLOR.on("x", 1)).as("blue").contains("48;2;33;102;172m");
    assertThat(Paint.TRUE_COLOR.on("x", -1)).as("orange").contains("48;2;179;88;6m");
    assertThat(Paint.INDEXED.on("x", -1)).contains("48;5;130m").endsWith("\u001B[0m");
    assertThat(Paint.NONE.on("x", 1)).isEqualTo("x");
  }

  private static String print(ComputationGraph graph, List<Estimate> scores, Paint paint) {
    StringWriter out = new StringWriter();
    new ComponentGrid(graph, scores, paint).print(new PrintWriter(out, true), "");
    return out.toString();
  }
}
