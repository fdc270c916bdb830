package dev.cotrace;

import dev.cotrace.attribution.Layout;
import dev.cotrace.attribution.MemoryPlan;
import dev.cotrace.attribution.MemoryPrediction;
import dev.cotrace.attribution.Settings;
import dev.cotrace.attribution.WorkEstimate;
import dev.cotrace.torch.ByteSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a run is going to do and take.
 *
 * @param memory layout and prediction
 * @param work tokens and passes
 */
public record RunPlan(MemoryPlan memory, WorkEstimate work) {
  /** One line for a log. */
  public String line() {
    return "memory: %s of %s that the run may take; %s"
        .formatted(
            ByteSize.text(memory.prediction().total()),
            ByteSize.text(memory.allowed()),
            words(memory.layout()));
  }

  /** A layout in words. */
  static String words(Layout layout) {
    return "%d rollouts at a time, %d %s, backward pass %s"
        .formatted(
            layout.batchRows(),
            layout.threads(),
            layout.threads() == 1 ? "thread" : "threads",
            label(layout));
  }

  /** The table of a dry run. */
  public List<String> lines() {
    MemoryPrediction prediction = memory.prediction();
    List<String> lines = new ArrayList<>();
    lines.add("layout");
    lines.add(entry("batch rows", "%,d".formatted(memory.layout().batchRows())));
    lines.add(entry("threads", "%,d".formatted(memory.layout().threads())));
    lines.add(entry("backward pass", label(memory.layout())));
    lines.add("peak memory, while in: " + prediction.phase().label());
    prediction.parts().forEach((part, bytes) -> lines.add(entry(part, ByteSize.text(bytes))));
    lines.add(entry("total", ByteSize.text(prediction.total())));
    lines.add(entry("allowed", ByteSize.text(memory.allowed())));
    lines.add("work, where no rollout ends before its budget");
    lines.add(entry("rollouts", work.range(work.rollouts())));
    lines.add(entry("sampled tokens", work.range(work.tokens())));
    lines.add(entry("forward again", work.range(work.passesForward(memory.layout()))));
    lines.add(entry("passes back", work.range(work.gradients())));
    return lines;
  }

  private static String entry(String name, String value) {
    return "  %-16s %20s".formatted(name, value);
  }

  private static String label(Layout layout) {
    return layout.backward().name().toLowerCase(Locale.ROOT);
  }

  /** The same with the layout of another plan, which {@link #json} said was chosen. */
  RunPlan with(Layout layout) {
    return new RunPlan(new MemoryPlan(layout, memory.prediction(), memory.allowed()), work);
  }

  /** The layout in what {@link #json} made. */
  static Layout layout(JsonNode json) {
    return new Layout(
        json.path("batch_rows").asInt(),
        json.path("threads").asInt(),
        SpecLabels.constant(Settings.Backward.class, json.path("backward").asString("")),
        json.path("recorded_at_once_bytes").asLong());
  }

  /** This as a JSON object. */
  ObjectNode json() {
    ObjectNode json = new JsonMapper().createObjectNode();
    json.put("batch_rows", memory.layout().batchRows());
    json.put("threads", memory.layout().threads());
    json.put("backward", label(memory.layout()));
    json.put("recorded_at_once_bytes", memory.layout().recordedAtOnce());
    json.put("allowed_bytes", memory.allowed());
    json.put("peak_bytes", memory.prediction().total());
    json.put("peak_phase", memory.prediction().phase().label());
    ObjectNode parts = json.putObject("parts_bytes");
    memory.prediction().parts().forEach(parts::put);
    return json;
  }

  /** This with the work, as JSON in one line. */
  public String text() {
    ObjectNode json = json();
    ObjectNode most = json.putObject("work_at_most");
    most.put("rollouts", work.rollouts().most());
    most.put("sampled_tokens", work.tokens().most());
    most.put("passes_forward", work.passesForward(memory.layout()).most());
    most.put("passes_back", work.gradients().most());
    return json.toString();
  }
}
