package dev.cotrace;

import dev.cotrace.Verification.Row;
import dev.cotrace.circuit.Calibration;
import java.util.Arrays;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code verification.json}: scores beside real interventions. */
final class VerificationJson {
  private static final String VERSION = "1";

  private VerificationJson() {}

  static ObjectNode of(Verification verification) {
    ObjectNode json = new JsonMapper().createObjectNode().put("format_version", VERSION);
    json.put("objective", verification.objective());
    ResultJson.put(json, "J1", verification.clean());
    json.set("edges", of(verification.edges()));
    json.set("groups", of(verification.groups()));
    ArrayNode rows = json.putArray("interventions");
    for (Row row : verification.rows()) {
      ObjectNode entry = rows.addObject().put("kind", SpecLabels.label(row.kind()));
      ArrayNode names = entry.putArray("edges");
      if (row.kind() != Verification.Kind.ALL) {
        Arrays.stream(row.cells()).forEach(cell -> names.add(verification.units().name(cell)));
      }
      ResultJson.put(entry, "score", row.score());
      ResultJson.put(entry, "effect", row.effect().total());
      ResultJson.put(entry, "score_direct", row.scoreDirect());
      ResultJson.put(entry, "effect_direct", row.effect().direct());
      ResultJson.put(entry, "score_through_cot", row.scoreThroughCot());
      ResultJson.put(entry, "effect_through_cot", row.effect().throughCot());
      boolean known = !Double.isNaN(row.score().standardError());
      entry.put("within_errors", known ? (Boolean) row.pair().withinErrors() : null);
    }
    return json;
  }

  private static ObjectNode of(Calibration calibration) {
    ObjectNode json = new JsonMapper().createObjectNode().put("count", calibration.pairs());
    ResultJson.put(json, "pearson", calibration.pearson());
    ResultJson.put(json, "spearman", calibration.spearman());
    ResultJson.put(json, "slope", calibration.slope());
    ResultJson.put(json, "within_errors", calibration.withinErrors());
    return json;
  }
}
