package dev.cotrace.report;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Part;
import dev.cotrace.circuit.Pieces;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

/**
 * What {@link Pieces} are, in files: the level by its label, and the parts in order as a list of
 * {@code {"name": "m3", "cut": "neurons", "count": 1536}}. The units of a part lie side by side.
 */
public final class UnitsJson {
  private static final JsonMapper JSON = new JsonMapper();

  /** Units of a file at most: far above any model's. */
  private static final int MOST = 1 << 28;

  private UnitsJson() {}

  /** The parts of {@code pieces}. */
  public static ArrayNode parts(Pieces pieces) {
    ArrayNode parts = JSON.createArrayNode();
    for (Part part : pieces.parts()) {
      parts
          .addObject()
          .put("name", part.name())
          .put("cut", part.cut().label())
          .put("count", part.count())
          .put("sources", part.sources());
    }
    return parts;
  }

  /**
   * The pieces that a file says it is about.
   *
   * @param level its label
   * @param parts as {@link #parts} writes them
   * @throws IllegalArgumentException when they are none
   */
  public static Pieces read(Path file, ComputationGraph graph, String level, JsonNode parts) {
    List<Part> read = new ArrayList<>();
    long units = 0;
    for (JsonNode part : parts) {
      JsonNode count = part.path("count");
      if (!part.path("name").isString() || !count.isInt() || count.intValue() < 1) {
        throw broken(file, "expected a part with a name and a count above 0, got " + part);
      }
      units += count.intValue();
      if (units > MOST) {
        throw broken(file, "expected at most %,d units".formatted(MOST));
      }
      try {
        read.add(
            new Part(
                part.path("name").stringValue(),
                cut(file, part),
                count.intValue(),
                part.path("sources").asInt(1)));
      } catch (IllegalArgumentException e) {
        throw broken(file, String.valueOf(e.getMessage()));
      }
    }
    if (read.isEmpty()) {
      throw broken(file, "expected a list of parts, got " + parts);
    }
    return new Pieces(graph, level(file, level, read, graph), read);
  }

  private static Part.Cut cut(Path file, JsonNode part) {
    String label = part.path("cut").asString("");
    return Arrays.stream(Part.Cut.values())
        .filter(cut -> cut.label().equals(label))
        .findFirst()
        .orElseThrow(() -> broken(file, "expected a part cut in a known way, got " + part));
  }

  private static Level level(Path file, String label, List<Part> parts, ComputationGraph graph) {
    Level level =
        Arrays.stream(Level.values())
            .filter(each -> each != Level.EDGE && each.label().equals(label))
            .findFirst()
            .orElseThrow(() ->
                broken(
                    file,
                    "expected a level %s, got '%s'"
                        .formatted(
                            Arrays.stream(Level.values())
                                .map(Level::label)
                                .collect(Collectors.joining(", ")),
                            label)));
    int sources = parts.stream().mapToInt(Part::sources).sum();
    boolean cutsStream = level == Level.FEATURE && sources == 0;
    if ((sources != graph.sources() && !cutsStream)
        || (level != Level.FEATURE && parts.size() != sources)) {
      throw broken(
          file,
          "expected parts that stand for %d sources, got %d parts for %d"
              .formatted(graph.sources(), parts.size(), sources));
    }
    return level;
  }

  private static IllegalArgumentException broken(Path file, String reason) {
    return new IllegalArgumentException(file + ": " + reason);
  }
}
