package dev.cotrace;

import dev.cotrace.CircuitSweep.Areas;
import dev.cotrace.CircuitSweep.Example;
import dev.cotrace.CircuitSweep.Row;
import dev.cotrace.circuit.Knockout;
import dev.cotrace.circuit.Removal;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code evaluation.json}: a sweep in numbers, and what its circuits say. */
final class SweepJson {
  private static final String VERSION = "1";

  private SweepJson() {}

  static ObjectNode of(CircuitSweep sweep) {
    ObjectNode json = new JsonMapper().createObjectNode().put("format_version", VERSION);
    json.put("objective", sweep.objective()).put("level", sweep.units().level().label());
    ResultJson.put(json, "J1", sweep.clean());
    ResultJson.put(json, "J0", sweep.corrupted());
    ArrayNode circuits = json.putArray("circuits");
    sweep.rows().forEach(row -> circuits.add(of(row)));
    json.set("areas", of(sweep.areas()));
    sweep.teacherForcedAreas().ifPresent(areas -> json.set("teacher_forced_areas", of(areas)));
    json.set("random_areas", of(sweep.randomAreas()));
    json.set("magnitude_areas", of(sweep.magnitudeAreas()));
    json.set("complement", ResultJson.of(sweep.complement()));
    ArrayNode knockouts = json.putArray("knockouts");
    for (Knockout knockout : sweep.knockouts()) {
      ObjectNode entry = knockouts.addObject().put("edges", knockout.edges());
      ResultJson.put(entry, "circuit", knockout.circuit());
      ResultJson.put(entry, "model", knockout.model());
      ResultJson.put(entry, "gap", knockout.gap());
    }
    ArrayNode removals = json.putArray("removals");
    for (Removal removal : sweep.removals()) {
      String edge = sweep.units().name(removal.cell());
      ResultJson.put(removals.addObject().put("edge", edge), "loss", removal.loss());
    }
    return json;
  }

  private static ObjectNode of(Row row) {
    ObjectNode json = new JsonMapper().createObjectNode().put("name", row.name());
    if (!row.selection().isEmpty()) {
      json.put("selection", row.selection());
    }
    json.set("circuit", ResultJson.of(row.sampled()));
    row.teacherForced().ifPresent(forced -> json.set("teacher_forced", ResultJson.of(forced)));
    ResultJson.put(json, "kl_per_step", row.divergence());
    row.teacherForcedDivergence()
        .ifPresent(kl -> ResultJson.put(json, "teacher_forced_kl_per_step", kl));
    row.accuracy().ifPresent(accuracy -> ResultJson.put(json, "accuracy", accuracy));
    json.set("random_circuit", ResultJson.of(row.random()));
    json.set("magnitude_circuit", ResultJson.of(row.magnitude()));
    ArrayNode examples = json.putArray("examples");
    for (Example example : row.examples()) {
      examples.addObject().put("pair", example.pair()).put("text", example.text());
    }
    return json;
  }

  private static ObjectNode of(Areas areas) {
    ObjectNode json = new JsonMapper().createObjectNode();
    ResultJson.put(json, "cpr", areas.cpr());
    ResultJson.put(json, "cmd", areas.cmd());
    return json;
  }
}
