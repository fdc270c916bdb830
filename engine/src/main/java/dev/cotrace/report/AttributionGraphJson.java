package dev.cotrace.report;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Edge;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Node;
import dev.cotrace.report.SegmentLinks.Link;
import dev.cotrace.report.SegmentLinks.Place;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/**
 * The circuit as an attribution graph, which Neuronpedia and circuit-tracer's viewer show (schema
 * version 1). Columns are {@link Segment}s. A node is a head, an MLP, the input or the logits at a
 * segment; a link is what its {@link SegmentLinks.Link edges} are worth there, in the unit of J,
 * which is an effect on the outcome and not, as in those tools' own graphs, on the target.
 *
 * <p>What the viewers need and their schema does not say: labels of logits with {@code (p=…)}; more
 * than one token, and a node above the first layer; a feature number that names layer and head;
 * types of nodes for which no descriptions of features are fetched; labels without HTML.
 */
public final class AttributionGraphJson {
  /** Types of nodes that the viewers draw without the description of a transcoder's feature. */
  private static final String HEAD = "lorsa";

  private static final String MLP = "unknown";

  private static final JsonMapper MAPPER = new JsonMapper();

  private final JsonGenerator json;
  private final ComputationGraph graph;
  private final GraphLabels labels;

  private AttributionGraphJson(JsonGenerator json, ComputationGraph graph, GraphLabels labels) {
    this.json = json;
    this.graph = graph;
    this.labels = labels;
  }

  /**
   * Writes the circuit's strongest links.
   *
   * @param most links
   * @return how many links were left out
   * @throws IllegalArgumentException when no link touches a layer above the first: Neuronpedia
   *     shows no such graph
   */
  public static int write(Path file, ExportedCircuit exported, GraphLabels labels, int most)
      throws IOException {
    ComputationGraph graph = exported.graph();
    SegmentLinks links = SegmentLinks.of(exported, most);
    if (links.places(graph).stream().noneMatch(place -> aboveFirstLayer(place.node()))) {
      throw new IllegalArgumentException(
          "Neuronpedia shows no graph whose circuit has nothing above the model's first layer: export it as graphml or dot");
    }
    TextFile.write(
        file,
        out -> {
          JsonGenerator json = MAPPER.createGenerator(out);
          new AttributionGraphJson(json, graph, labels).write(links);
          json.flush();
        });
    return links.leftOut();
  }

  private static boolean aboveFirstLayer(Node node) {
    return switch (node) {
      case Node.Head(int layer, int _) -> layer > 0;
      case Node.Mlp(int layer) -> layer > 0;
      case Node.Input _, Node.Logits _ -> false;
    };
  }

  private void write(SegmentLinks links) {
    json.writeStartObject();
    writeMetadata(links);
    json.writeObjectPropertyStart("qParams");
    json.writeArrayPropertyStart("pinnedIds");
    json.writeEndArray();
    json.writeArrayPropertyStart("supernodes");
    json.writeEndArray();
    json.writeStringProperty("linkType", "both");
    json.writeStringProperty("clickedId", "");
    json.writeStringProperty("sg_pos", "");
    json.writeEndObject();
    json.writeArrayPropertyStart("nodes");
    Map<Place, Double> influence = links.influence();
    for (Place place : links.places(graph)) {
      writeNode(place, influence.getOrDefault(place, Double.NaN));
    }
    json.writeEndArray();
    json.writeArrayPropertyStart("links");
    links.links().forEach(this::writeLink);
    json.writeEndArray();
    json.writeEndObject();
  }

  private void writeMetadata(SegmentLinks links) {
    json.writeObjectPropertyStart("metadata");
    json.writeStringProperty("slug", labels.slug());
    json.writeStringProperty("scan", labels.scan());
    json.writeArrayPropertyStart("prompt_tokens");
    labels.segments().forEach(segment -> json.writeString(column(segment)));
    if (labels.segments().size() == 1) {
      // circuit-tracer's viewer drops what occurs at more than two thirds of the tokens.
      json.writeString("");
    }
    json.writeEndArray();
    json.writeStringProperty("prompt", plain(labels.prompt()));
    json.writeNumberProperty("schema_version", 1);
    json.writeNumberProperty("node_threshold", 1);
    json.writeArrayPropertyStart("transcoder_list");
    json.writeEndArray();
    json.writeObjectPropertyStart("info");
    json.writeStringProperty("description", plain(labels.description()));
    json.writeObjectPropertyStart("generator");
    json.writeStringProperty("name", "Cotrace");
    json.writeStringProperty("version", labels.version());
    json.writeEndObject();
    json.writeNumberProperty("create_time_ms", labels.createdMillis());
    json.writeEndObject();
    json.writeObjectPropertyStart("generation_settings");
    labels.settings().forEach((name, value) -> json.writeStringProperty(name, plain(value)));
    json.writeEndObject();
    json.writeObjectPropertyStart("pruning_settings");
    json.writeNumberProperty("links_left_out", links.leftOut());
    json.writeEndObject();
    json.writeEndObject();
  }

  private static String column(Segment segment) {
    return plain(
        segment.example().isEmpty() ? segment.name() : segment.name() + ": " + segment.example());
  }

  private void writeNode(Place place, double influence) {
    Segment segment = labels.segments().get(place.segment());
    json.writeStartObject();
    json.writeStringProperty("node_id", id(place));
    json.writeName("feature");
    if (place.node() instanceof Node.Head || place.node() instanceof Node.Mlp) {
      json.writeNumber(feature(place.node()));
    } else {
      json.writeNull();
    }
    json.writeStringProperty("layer", layer(place.node()));
    json.writeNumberProperty("ctx_idx", place.segment());
    json.writeStringProperty("feature_type", type(place.node()));
    json.writeStringProperty("jsNodeId", id(place));
    json.writeStringProperty("clerp", label(place.node(), segment));
    if (!Double.isNaN(influence)) {
      json.writeNumberProperty("influence", influence);
    }
    if (place.node() instanceof Node.Logits && Double.isFinite(segment.probability())) {
      json.writeNumberProperty("token_prob", segment.probability());
    }
    json.writeBooleanProperty("is_target_logit", place.node() instanceof Node.Logits);
    json.writeEndObject();
  }

  private void writeLink(Link link) {
    json.writeStartObject();
    json.writeStringProperty("source", id(link.source()));
    json.writeStringProperty("target", id(link.target()));
    json.writeNumberProperty("weight", (float) link.weight());
    json.writeObjectPropertyStart("edges");
    for (Map.Entry<Edge, Estimate> edge : link.edges().entrySet()) {
      json.writeArrayPropertyStart(edge.getKey().toString());
      json.writeNumber((float) edge.getValue().value());
      if (Double.isFinite(edge.getValue().standardError())) {
        json.writeNumber((float) edge.getValue().standardError());
      } else {
        json.writeNull();
      }
      json.writeEndArray();
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  private String id(Place place) {
    return switch (place.node()) {
      case Node.Input _ -> "E_input_" + place.segment();
      case Node.Head(int layer, int head) ->
          "%d_attn_%d_%d".formatted(layer, head, place.segment());
      case Node.Mlp(int layer) -> "%d_mlp_0_%d".formatted(layer, place.segment());
      case Node.Logits _ -> "%s_logits_%d".formatted(layer(place.node()), place.segment());
    };
  }

  private String layer(Node node) {
    return switch (node) {
      case Node.Input _ -> "E";
      case Node.Head(int layer, int _) -> String.valueOf(layer);
      case Node.Mlp(int layer) -> String.valueOf(layer);
      case Node.Logits _ -> String.valueOf(graph.layers() + 1);
    };
  }

  private static String type(Node node) {
    return switch (node) {
      case Node.Input _ -> "embedding";
      case Node.Head _ -> HEAD;
      case Node.Mlp _ -> MLP;
      case Node.Logits _ -> "logit";
    };
  }

  /** Cantor's pair of layer and index, which schema version 1 takes apart; MLPs come last. */
  private long feature(Node node) {
    return switch (node) {
      case Node.Head(int layer, int head) -> pair(layer, head);
      case Node.Mlp(int layer) -> pair(layer, graph.heads());
      case Node.Input _, Node.Logits _ ->
          throw new IllegalArgumentException(node + " has no number among a layer's nodes");
    };
  }

  private static long pair(long a, long b) {
    return (a + b) * (a + b + 1) / 2 + b;
  }

  private static String label(Node node, Segment segment) {
    if (node instanceof Node.Logits) {
      // Both viewers take the label apart at these very characters, and fail without them.
      return String.format(
          Locale.ROOT,
          "Output \"%s\" (p=%.3f)",
          plain(segment.name()).replace('"', '\'').replace("(p=", "(p ="),
          segment.probability());
    }
    return plain(node + " at " + segment.name());
  }

  /** Text that a viewer may put into a page as it is. */
  private static String plain(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
