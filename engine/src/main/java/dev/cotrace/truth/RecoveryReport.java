package dev.cotrace.truth;

import dev.cotrace.ResultJson;
import dev.cotrace.circuit.Estimate;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * How well every method recovers every known circuit; errors are over runs.
 *
 * @param tasks in their order
 */
public record RecoveryReport(List<Task> tasks) {
  /**
   * One known circuit.
   *
   * @param edges of the graph
   * @param trueEdges of them
   * @param rows one for each method
   */
  public record Task(String name, String about, int edges, int trueEdges, List<Row> rows) {}

  /**
   * One method.
   *
   * @param auroc see {@link dev.cotrace.circuit.Recovery}
   * @param averagePrecision see there
   * @param misplaced the share of the true edges' |direct| + |through-CoT| that is in the part
   *     where an edge has no effect; empty where scores have no parts, or are all zero
   */
  public record Row(
      String method, Estimate auroc, Estimate averagePrecision, Optional<Estimate> misplaced) {}

  /** This as JSON, in one line. */
  public String json() {
    ObjectNode json = new JsonMapper().createObjectNode();
    ObjectNode byTask = json.putObject("tasks");
    for (Task task : tasks) {
      ObjectNode entry = byTask.putObject(task.name);
      entry.put("about", task.about).put("edges", task.edges).put("true_edges", task.trueEdges);
      ObjectNode byMethod = entry.putObject("methods");
      for (Row row : task.rows) {
        ObjectNode method = byMethod.putObject(row.method);
        ResultJson.put(method, "auroc", row.auroc);
        ResultJson.put(method, "average_precision", row.averagePrecision);
        row.misplaced.ifPresent(share -> ResultJson.put(method, "misplaced", share));
      }
    }
    return json.toString();
  }
}
