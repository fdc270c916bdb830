package dev.cotrace.bench;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Consumer;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes measurements as JSON objects, each with all that a comparison needs.
 *
 * @param settings of the run
 * @param facts that are the same in every line
 * @param sink takes the lines
 */
record Lines(BenchSettings settings, Map<String, Object> facts, Consumer<String> sink) {
  private static final JsonMapper JSON = new JsonMapper();

  /** The beginning of a line of the measurement {@code name}. */
  SequencedMap<String, Object> begin(String name, int batch) {
    SequencedMap<String, Object> line = new LinkedHashMap<>();
    line.put("bench", name);
    line.put("batch", batch);
    line.put("prompts", batch / BenchSettings.GROUP);
    line.put("prompt_tokens", settings.promptTokens());
    return line;
  }

  /** Ends the line. */
  void end(SequencedMap<String, Object> line) throws IOException {
    line.put("load_average", Surroundings.load());
    line.put("peak_memory_bytes", Surroundings.peakMemory());
    line.putAll(facts);
    sink.accept(JSON.writeValueAsString(line));
  }
}
