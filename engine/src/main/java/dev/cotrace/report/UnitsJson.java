package dev.cotrace.report;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.ErrorUnits;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Part;
import dev.cotrace.circuit.Pieces;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What {@link Pieces} are, in files: the level by its label, and the parts in order as a list of
 * {@code {"name": "m3", "cut": "neurons", "count": 1536, "sources": 1}}, those of features with
 * {@code "errors"}, what becomes of their error in circuits, and {@code "dictionary"}, the SHA-256
 * of its weights and how they are read. The units of a part lie side by side.
 */
public final class UnitsJson {
  private static final JsonMapper JSON = new JsonMapper();

  /** Units of a file at most: more than the coordinates of what the largest models' nodes write. */
  private static final int MOST = 1 << 26;

  private UnitsJson() {}

  /** The parts of {@code pieces}. */
  public static ArrayNode parts(Pieces pieces) {
    ArrayNode parts = JSON.createArrayNode();
    for (Part part : pieces.parts()) {
      ObjectNode written =
          parts
              .addObject()
              .put("name", part.name())
              .put("cut", part.cut().label())
              .put("count", part.count())
              .put("sources", part.sources());
      if (isFeatures(part)) {
        written.put("errors", label(pieces.errors())).put("dictionary", part.dictionary());
      }
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
                part.path("sources").asInt(1),
                part.path("dictionary").asString("")));
      } catch (IllegalArgumentException e) {
        throw broken(file, String.valueOf(e.getMessage()));
      }
    }
    if (read.isEmpty()) {
      throw broken(file, "expected a list of parts, got " + parts);
    }
    return new Pieces(graph, level(file, level, read, graph), read).with(errors(file, parts));
  }

  private static String label(ErrorUnits errors) {
    return errors.name().toLowerCase(Locale.ROOT);
  }

  /** They may be chosen where the file is older than the choice. */
  private static ErrorUnits errors(Path file, JsonNode parts) {
    Set<String> labels = new TreeSet<>();
    for (JsonNode part : parts) {
      if (part.path("cut").asString("").equals(Part.Cut.FEATURES.label())) {
        labels.add(part.path("errors").asString(label(ErrorUnits.GATED)));
      }
    }
    if (labels.isEmpty()) {
      return ErrorUnits.GATED;
    }
    return Arrays.stream(ErrorUnits.values())
        .filter(errors -> labels.equals(Set.of(label(errors))))
        .findFirst()
        .orElseThrow(() ->
            broken(file, "expected errors that are all gated, kept or removed, got " + labels));
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
    for (Part part : parts) {
      if (part.cut() != Part.Cut.WHOLE && part.cut() != cut(level)) {
        throw broken(
            file,
            "expected parts of the level %s, but %s is cut into %s"
                .formatted(label, part.name(), part.cut().label()));
      }
    }
    long sources = parts.stream().mapToLong(Part::sources).sum();
    boolean cutsStream =
        level == Level.FEATURE
            && parts.stream().allMatch(part -> isFeatures(part) && part.sources() == 0);
    if ((sources != graph.sources() && !cutsStream)
        || (level != Level.FEATURE && parts.size() != sources)) {
      throw broken(
          file,
          "expected parts that stand for %d sources, got %d parts for %d"
              .formatted(graph.sources(), parts.size(), sources));
    }
    return level;
  }

  private static boolean isFeatures(Part part) {
    return part.cut() == Part.Cut.FEATURES;
  }

  /** How parts are cut that are not whole. */
  private static Part.Cut cut(Level level) {
    return switch (level) {
      case EDGE, NODE, HEAD, MLP -> Part.Cut.WHOLE;
      case RESIDUAL_DIM -> Part.Cut.COORDINATES;
      case NEURON -> Part.Cut.NEURONS;
      case FEATURE -> Part.Cut.FEATURES;
    };
  }

  private static IllegalArgumentException broken(Path file, String reason) {
    return new IllegalArgumentException(file + ": " + reason);
  }
}
