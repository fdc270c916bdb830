package dev.cotrace;

import dev.cotrace.Verification.Row;
import dev.cotrace.circuit.Calibration;
import dev.cotrace.circuit.Estimate;
import java.util.Arrays;
import java.util.StringJoiner;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code verification.json} and {@code calibration.csv}: scores beside real interventions. */
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
        Arrays.stream(row.cells())
            .forEach(cell -> names.add(verification.graph().edge(cell).toString()));
      }
      ResultJson.put(entry, "score", row.score());
      ResultJson.put(entry, "effect", row.effect().total());
      ResultJson.put(entry, "score_direct", row.scoreDirect());
      ResultJson.put(entry, "effect_direct", row.effect().direct());
      ResultJson.put(entry, "score_through_cot", row.scoreThroughCot());
      ResultJson.put(entry, "effect_through_cot", row.effect().throughCot());
      entry.put("within_errors", row.pair().withinErrors());
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

  /** A line for each intervention, for a plot of effects against scores. */
  static String csv(Verification verification) {
    StringBuilder csv =
        new StringBuilder(
            "kind,edges,name,score,score_stderr,effect,effect_stderr,score_direct,score_direct_stderr,effect_direct,effect_direct_stderr,score_through_cot,score_through_cot_stderr,effect_through_cot,effect_through_cot_stderr\n");
    for (Row row : verification.rows()) {
      StringJoiner line = new StringJoiner(",", "", "\n");
      line.add(SpecLabels.label(row.kind())).add(String.valueOf(row.cells().length));
      line.add(verification.name(row));
      add(line, row.score(), row.effect().total());
      add(line, row.scoreDirect(), row.effect().direct());
      add(line, row.scoreThroughCot(), row.effect().throughCot());
      csv.append(line);
    }
    return csv.toString();
  }

  private static void add(StringJoiner line, Estimate... estimates) {
    for (Estimate estimate : estimates) {
      line.add(text(estimate.value())).add(text(estimate.standardError()));
    }
  }

  /** A number; nothing for an unknown one. */
  static String text(double value) {
    return Double.isFinite(value) ? String.valueOf(value) : "";
  }
}
