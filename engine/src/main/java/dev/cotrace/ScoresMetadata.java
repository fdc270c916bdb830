package dev.cotrace;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Ends;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Method;
import dev.cotrace.circuit.Units;
import dev.cotrace.format.JsonProblem;
import dev.cotrace.format.MalformedModelException;
import dev.cotrace.report.UnitsJson;
import java.nio.file.Path;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** The strings of a {@link ScoresFile}, checked as they are read. */
record ScoresMetadata(Path file, Map<String, String> strings) {
  /** More layers or heads than any model has. */
  private static final int MOST = 4096;

  private static final JsonMapper JSON = new JsonMapper();

  String text(String name) {
    String text = strings.get(name);
    if (text == null) {
      throw new MalformedModelException(
          file, 0, "expected the metadata to have %s: is this a scores file?".formatted(name));
    }
    return text;
  }

  /** By gates where the file is older than the choice. */
  Method method() {
    try {
      return Method.of(strings.getOrDefault("method", Method.IG_GATES.label()));
    } catch (IllegalArgumentException e) {
      throw new MalformedModelException(file, 0, String.valueOf(e.getMessage()));
    }
  }

  /** Edges where the file is older than other levels. */
  Units units() {
    ComputationGraph graph =
        new ComputationGraph(
            whole("n_layers", 1, MOST), whole("n_heads", 1, MOST), truth("parallel_attn_mlp"));
    String level = strings.getOrDefault("level", Level.EDGE.label());
    if (level.equals(Level.EDGE.label())) {
      return graph;
    }
    try {
      return UnitsJson.read(file, graph, level, JSON.readTree(text("parts")));
    } catch (IllegalArgumentException e) {
      throw new MalformedModelException(file, 0, String.valueOf(e.getMessage()));
    } catch (JacksonException e) {
      throw new MalformedModelException(file, 0, "expected parts to be JSON: " + JsonProblem.of(e));
    }
  }

  int whole(String name, int least, int most) {
    long whole = whole(name);
    if (whole < least || whole > most) {
      throw new MalformedModelException(
          file, 0, "expected %s from %d to %d, got %d".formatted(name, least, most, whole));
    }
    return (int) whole;
  }

  long whole(String name) {
    return (long) number(name);
  }

  boolean truth(String name) {
    return switch (text(name)) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw new MalformedModelException(
              file, 0, "expected %s to be true or false, got '%s'".formatted(name, text(name)));
    };
  }

  /** As if of different prompts where the file is older than the error over the same ones. */
  Ends ends() {
    Estimate clean = estimate("J1");
    Estimate corrupted = estimate("J0");
    return strings.containsKey("difference")
        ? new Ends(clean, corrupted, estimate("difference"))
        : Ends.unpaired(clean, corrupted);
  }

  Estimate estimate(String name) {
    return new Estimate(number(name), number(name + "_stderr"));
  }

  private double number(String name) {
    try {
      return Double.parseDouble(text(name));
    } catch (NumberFormatException e) {
      throw new MalformedModelException(
          file, 0, "expected %s to be a number, got '%s'".formatted(name, text(name)));
    }
  }
}
