package dev.cotrace.report;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Node;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.circuit.UnitEdges;
import dev.cotrace.circuit.Units;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.IntStream;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * A circuit in the format of EAP-IG's {@code Graph.to_json} (commit 795f560), which {@code
 * Graph.from_json} opens, with keys of our own beside EAP-IG's, which it ignores:
 *
 * <ul>
 *   <li>on every edge {@code stderr} and {@code q_value} (null when there is too little data to
 *       tell), {@code direct} and {@code through_cot};
 *   <li>at the top {@code cotrace}: {@code method}, {@code selection} (how the edges were chosen,
 *       in words), {@code sign_convention}, and {@code J1}, {@code J0}, {@code difference} and
 *       {@code gap} (METHOD §5), each {@code [value, stderr]}, null where unknown.
 * </ul>
 *
 * <p>A circuit of other units than edges is no graph that EAP-IG knows: it has {@code level},
 * {@code parts} ({@link UnitsJson}) and {@code units} in the place of nodes and edges.
 *
 * <p>Numbers are written as the shortest decimal that reads back as the same float32, which is how
 * EAP-IG keeps them.
 */
public final class CircuitJson {
  /** What the sign of a score means, said in every file that holds scores. */
  public static final String SIGN_CONVENTION =
      "positive: the clean value of the edge raises J (gate 1 = clean, 0 = corrupted)";

  /** The same for {@code units}. */
  public static String signConvention(Units units) {
    return SIGN_CONVENTION.replace("edge", units.noun());
  }

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder().disable(StreamWriteFeature.AUTO_CLOSE_TARGET).build())
          .build();

  private CircuitJson() {}

  /**
   * Writes {@code circuit} with the scores of {@code attribution}.
   *
   * @param selection how its edges were chosen, in words
   * @param width of the residual stream, D
   * @throws IllegalArgumentException when the two are of different graphs
   */
  public static void write(
      Path file, Circuit circuit, String selection, Attribution attribution, int width)
      throws IOException {
    write(file, ExportedCircuit.of(circuit, selection, attribution, width));
  }

  /** Writes {@code exported}; without keys of our own where it has scores alone. */
  public static void write(Path file, ExportedCircuit exported) throws IOException {
    TextFile.write(
        file,
        out -> {
          JsonGenerator json = MAPPER.createGenerator(out);
          json.writeStartObject();
          writeConfiguration(json, exported.graph(), exported.scored().width());
          switch (exported.circuit().units()) {
            case ComputationGraph _ -> {
              writeNodes(json, exported.circuit());
              writeEdges(json, exported);
            }
            case Pieces pieces -> writePieces(json, pieces, exported);
            case UnitEdges edges -> throw new IllegalArgumentException("no circuit is of " + edges);
          }
          if (exported.attribution() != null) {
            writeOwnKeys(json, exported.selection(), exported.attribution());
          }
          json.writeEndObject();
          json.flush();
        });
  }

  /**
   * Reads a circuit.
   *
   * @throws IllegalArgumentException when the file is not of this format
   */
  public static ScoredCircuit read(Path file) throws IOException {
    return new CircuitJsonReader(file).read();
  }

  private static void writeConfiguration(JsonGenerator json, ComputationGraph graph, int width) {
    json.writeObjectPropertyStart("cfg");
    json.writeNumberProperty("n_layers", graph.layers());
    json.writeNumberProperty("n_heads", graph.heads());
    json.writeBooleanProperty("parallel_attn_mlp", graph.parallel());
    json.writeNumberProperty("d_model", width);
    json.writeEndObject();
  }

  private static void writeNodes(JsonGenerator json, Circuit circuit) {
    json.writeObjectPropertyStart("nodes");
    for (Node node : circuit.graph().nodes()) {
      json.writeObjectPropertyStart(node.toString());
      json.writeBooleanProperty("in_graph", circuit.contains(node));
      json.writeEndObject();
    }
    json.writeEndObject();
  }

  private static void writeEdges(JsonGenerator json, ExportedCircuit exported) {
    json.writeObjectPropertyStart("edges");
    writeUnits(json, exported, EdgeOrder.of(exported.graph()));
    json.writeEndObject();
  }

  /** Units that are not in the circuit and whose score is zero are left out. */
  private static void writePieces(JsonGenerator json, Pieces pieces, ExportedCircuit exported) {
    json.writeStringProperty("level", pieces.level().label());
    json.writeName("parts");
    json.writeRawValue(UnitsJson.parts(pieces).toString());
    json.writeObjectPropertyStart("units");
    double[] scores = exported.scored().scores();
    writeUnits(
        json,
        exported,
        IntStream.range(0, pieces.cells())
            .filter(cell -> scores[cell] != 0 || exported.circuit().contains(cell))
            .toArray());
    json.writeEndObject();
  }

  private static void writeUnits(JsonGenerator json, ExportedCircuit exported, int... cells) {
    Attribution attribution = exported.attribution();
    double[] q = attribution == null ? new double[0] : attribution.significance().q();
    for (int cell : cells) {
      json.writeObjectPropertyStart(exported.circuit().units().name(cell));
      writeScore(json, exported.scored().scores()[cell]);
      json.writeBooleanProperty("in_graph", exported.circuit().contains(cell));
      if (attribution != null) {
        writeNumber(json, "stderr", attribution.total().standardErrors()[cell]);
        writeNumber(json, "q_value", q[cell]);
        writeNumber(json, "direct", attribution.direct().values()[cell]);
        writeNumber(json, "through_cot", attribution.throughCot().values()[cell]);
      }
      json.writeEndObject();
    }
  }

  private static void writeOwnKeys(JsonGenerator json, String selection, Attribution attribution) {
    json.writeObjectPropertyStart("cotrace");
    json.writeStringProperty("method", attribution.method().label());
    if (!selection.isEmpty()) {
      json.writeStringProperty("selection", selection);
    }
    json.writeStringProperty("sign_convention", signConvention(attribution.units()));
    writeEstimate(json, "J1", attribution.clean());
    writeEstimate(json, "J0", attribution.corrupted());
    writeEstimate(json, "difference", attribution.ends().difference());
    writeEstimate(json, "gap", attribution.gap());
    json.writeEndObject();
  }

  private static void writeEstimate(JsonGenerator json, String name, Estimate estimate) {
    json.writeArrayPropertyStart(name);
    writeNumber(json, estimate.value());
    writeNumber(json, estimate.standardError());
    json.writeEndArray();
  }

  /** An edge without a score has none that is a number, which Python writes bare. */
  private static void writeScore(JsonGenerator json, double score) {
    json.writeName("score");
    if (Double.isNaN(score)) {
      json.writeRawValue("NaN");
    } else {
      json.writeNumber((float) score);
    }
  }

  private static void writeNumber(JsonGenerator json, String name, double value) {
    json.writeName(name);
    writeNumber(json, value);
  }

  private static void writeNumber(JsonGenerator json, double value) {
    if (Double.isFinite(value)) {
      json.writeNumber((float) value);
    } else {
      json.writeNull();
    }
  }
}
