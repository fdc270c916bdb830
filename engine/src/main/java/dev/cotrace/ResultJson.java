package dev.cotrace;

import dev.cotrace.circuit.Agreement;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.BinScores;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.circuit.LevelShares;
import dev.cotrace.circuit.ReferenceScores;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Results as JSON: estimates are {@code {"value": …, "stderr": …}}, null where unknown. */
public final class ResultJson {
  /** What heads, MLPs, neurons or features have of all scores, where the level is about them. */
  static void putShares(ObjectNode json, Attribution attribution) {
    LevelShares.of(attribution)
        .ifPresent(shares -> {
          put(json, shares.level().label() + "s_sum", shares.own());
          shares.errors().ifPresent(errors -> put(json, "errors_sum", errors));
          shares.others().ifPresent(others -> put(json, "others_sum", others));
        });
  }

  private static final JsonMapper JSON = new JsonMapper();
  private static final String VERSION = "1";

  /** Edges listed in metrics.json; all are in scores.safetensors. */
  private static final int EDGES = 20;

  /** Edges listed there for each bin. */
  private static final int BIN_EDGES = 5;

  private ResultJson() {}

  /** {@code metrics.json}: what a run found, in numbers. */
  static ObjectNode of(DiscoveryResult result) {
    Attribution attribution = result.attribution();
    ObjectNode json =
        JSON.createObjectNode()
            .put("format_version", VERSION)
            .put("objective", result.spec().objective().toString())
            .put("method", attribution.method().label())
            .put("level", attribution.units().level().label())
            .put("pairs", result.pairs());
    put(json, "J1", attribution.clean());
    put(json, "J0", attribution.corrupted());
    put(json, "difference", attribution.ends().difference());
    put(json, "gap", attribution.gap());
    put(json, "direct_sum", attribution.direct().sum());
    put(json, "through_cot_sum", attribution.throughCot().sum());
    putShares(json, attribution);
    json.put("completeness", attribution.completeness());
    json.put("points", attribution.points());
    json.put("sampled_tokens", attribution.sampledTokens());
    put(json, "seconds", result.seconds());
    String selection = result.spec().selection(attribution.units()).words();
    json.set("circuit", of(result.circuitFaithfulness()).put("selection", selection));
    json.set("random_circuit", of(result.randomFaithfulness()));
    json.put("edges_q_below_0.05", result.significance().edgesBelow(0.05));
    ObjectNode stability = json.putObject("stability");
    stability.put("top_n", result.stability().size());
    put(stability, "jaccard", result.stability().jaccard());
    json.set("top_edges", edges(result));
    if (!result.references().scores().isEmpty()) {
      json.set("references", references(result));
    }
    if (!attribution.byBin().isEmpty()) {
      json.put("binning", result.spec().bins().toString());
      json.set("by_bin", bins(result));
    }
    return json;
  }

  private static ObjectNode references(DiscoveryResult result) {
    ObjectNode references = JSON.createObjectNode();
    for (ReferenceScores reference : result.references().scores()) {
      ObjectNode entry = references.putObject(reference.name());
      put(entry, "sum", reference.scores().sum());
      put(entry, "difference", reference.difference());
      put(entry, "gap", reference.gap());
      entry.put("sampled_tokens", reference.sampledTokens());
      Agreement agreement = result.agreement(reference);
      put(entry, "spearman", agreement.spearman());
      entry.put("top_n", agreement.size());
      put(entry, "jaccard", agreement.jaccard());
    }
    return references;
  }

  private static ArrayNode bins(DiscoveryResult result) {
    ArrayNode bins = JSON.createArrayNode();
    for (BinScores bin : result.attribution().byBin()) {
      ObjectNode entry = bins.addObject().put("bin", bin.name());
      put(entry, "score_sum", bin.total().sum());
      put(entry, "direct_sum", bin.direct().sum());
      put(entry, "through_cot_sum", bin.throughCot().sum());
      ArrayNode edges = entry.putArray("top_edges");
      for (int cell : result.strongest(bin.total(), BIN_EDGES)) {
        String name = result.attribution().units().name(cell);
        ObjectNode edge = edges.addObject().put("edge", name);
        put(edge, "score", bin.total().at(cell));
        put(edge, "direct", bin.direct().at(cell));
        put(edge, "through_cot", bin.throughCot().at(cell));
      }
    }
    return bins;
  }

  static ObjectNode of(Faithfulness faithfulness) {
    ObjectNode json = JSON.createObjectNode().put("edges", faithfulness.edges());
    put(json, "J", faithfulness.circuit());
    put(json, "faithfulness", faithfulness.faithfulness());
    return json;
  }

  private static ArrayNode edges(DiscoveryResult result) {
    return edges(
        result.attribution(),
        result.significance().q(),
        result.stability().inclusion(),
        result.strongest(EDGES));
  }

  /** What is known of the edges at {@code cells}; q-values and inclusion are by cell. */
  static ArrayNode edges(
      Attribution attribution, double[] q, double[] inclusion, List<Integer> cells) {
    ArrayNode edges = JSON.createArrayNode();
    for (int cell : cells) {
      ObjectNode edge = edges.addObject().put("edge", attribution.units().name(cell));
      put(edge, "score", attribution.total().at(cell));
      put(edge, "q_value", q[cell]);
      put(edge, "inclusion", inclusion[cell]);
      put(edge, "direct", attribution.direct().at(cell));
      put(edge, "through_cot", attribution.throughCot().at(cell));
    }
    return edges;
  }

  /** Puts {@code estimate} into {@code json} as {@code name}. */
  public static void put(ObjectNode json, String name, Estimate estimate) {
    ObjectNode pair = json.putObject(name);
    put(pair, "value", estimate.value());
    put(pair, "stderr", estimate.standardError());
  }

  /** Reads what {@link #put} put; NaN for what is not there. */
  static Estimate estimate(JsonNode pair) {
    return new Estimate(
        pair.path("value").asDouble(Double.NaN), pair.path("stderr").asDouble(Double.NaN));
  }

  /** Reads what {@link #of(Faithfulness)} made; NaN for what is not there. */
  static Faithfulness faithfulness(JsonNode json) {
    return new Faithfulness(
        json.path("edges").asInt(0), estimate(json.path("J")), estimate(json.path("faithfulness")));
  }

  static void put(ObjectNode json, String name, double value) {
    if (Double.isFinite(value)) {
      json.put(name, value);
    } else {
      json.putNull(name);
    }
  }
}
