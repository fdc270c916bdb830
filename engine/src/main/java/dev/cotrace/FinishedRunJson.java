package dev.cotrace;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Component;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.ScorePart;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A {@link FinishedRun} in numbers, with the names that {@code metrics.json} gives them. */
public final class FinishedRunJson {
  private static final JsonMapper JSON = new JsonMapper();

  private FinishedRunJson() {}

  /**
   * One line.
   *
   * @param part by which edges are ranked, and whose sums components have
   * @param top number of edges
   */
  public static String of(
      FinishedRun run, ScorePart part, int top, Optional<StoredTranscript> transcript) {
    ObjectNode json = JSON.createObjectNode().put("run", run.path().toString());
    for (String key : List.of("model", "task", "objective")) {
      json.put(key, run.setting(key));
    }
    putAttribution(json, run.attribution());
    json.put("pairs", run.pairs());
    json.set("circuit", ResultJson.of(run.circuitFaithfulness()).put("selection", run.selection()));
    json.set("random_circuit", ResultJson.of(run.randomFaithfulness()));
    json.put("part", SpecLabels.label(part));
    json.set(
        "top_edges",
        ResultJson.edges(
            run.attribution(),
            run.attribution().significance().q(),
            run.inclusion(),
            run.strongest(part, top)));
    ArrayNode components = json.putArray("components");
    List<Estimate> scores = run.components(part);
    List<Component> parts = Component.of(run.attribution().units());
    for (int i = 0; i < scores.size(); i++) {
      String node = parts.get(i).name();
      ResultJson.put(components.addObject().put("node", node), "score", scores.get(i));
    }
    run.sweep().ifPresent(sweep -> json.set("evaluation", of(sweep)));
    transcript.ifPresent(each -> json.set("transcript", of(each)));
    return json.toString();
  }

  private static void putAttribution(ObjectNode json, Attribution attribution) {
    json.put("method", attribution.method().label());
    json.put("level", attribution.units().level().label());
    ResultJson.put(json, "J1", attribution.clean());
    ResultJson.put(json, "J0", attribution.corrupted());
    ResultJson.put(json, "difference", attribution.ends().difference());
    ResultJson.put(json, "gap", attribution.gap());
    json.put("completeness", attribution.completeness());
    ResultJson.put(json, "scores_sum", attribution.total().sum());
    ResultJson.put(json, "direct_sum", attribution.direct().sum());
    ResultJson.put(json, "through_cot_sum", attribution.throughCot().sum());
    ResultJson.putShares(json, attribution);
    json.put("clusters", attribution.clusters());
    json.put("points", attribution.points());
    json.put("sampled_tokens", attribution.sampledTokens());
  }

  private static ObjectNode of(StoredSweep sweep) {
    ObjectNode json = JSON.createObjectNode().put("path", sweep.path().toString());
    json.put("objective", sweep.objective());
    ArrayNode changes = json.putArray("changes");
    sweep.changes().forEach(changes::add);
    ArrayNode circuits = json.putArray("circuits");
    for (StoredSweep.Row row : sweep.rows()) {
      ObjectNode circuit = circuits.addObject().put("name", row.name());
      circuit.set("circuit", ResultJson.of(row.sampled()));
      circuit.set("random_circuit", ResultJson.of(row.random()));
      circuit.set("magnitude_circuit", ResultJson.of(row.magnitude()));
      ResultJson.put(circuit, "kl_per_step", row.divergence());
      ResultJson.put(circuit, "accuracy", row.accuracy());
    }
    ResultJson.put(json, "cpr", sweep.cpr());
    ResultJson.put(json, "cmd", sweep.cmd());
    return json;
  }

  private static ObjectNode of(StoredTranscript transcript) {
    ObjectNode json =
        JSON.createObjectNode()
            .put("number", transcript.number())
            .put("pair", transcript.pair())
            .put("purpose", transcript.purpose());
    ResultJson.put(json, "alpha", transcript.alpha());
    json.put("finish", transcript.finish());
    ResultJson.put(json, "value", transcript.value());
    json.put("measure", SpecLabels.label(transcript.measure()));
    ArrayNode tokens = json.putArray("tokens");
    for (StoredTranscript.Token token : transcript.tokens()) {
      ObjectNode entry = tokens.addObject().put("token", token.text());
      entry.put("origin", SpecLabels.label(token.origin()));
      ResultJson.put(entry, "value", token.value());
    }
    return json;
  }
}
