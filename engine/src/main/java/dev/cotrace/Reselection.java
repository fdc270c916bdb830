package dev.cotrace;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Selection;
import dev.cotrace.report.CircuitJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Another circuit by the scores of a run: nothing is sampled, and no model is loaded. */
public final class Reselection {
  private final StoredRun run;
  private final Selection selection;
  private final Circuit circuit;

  private Reselection(StoredRun run, Selection selection) {
    this.run = run;
    this.selection = selection;
    circuit = selection.of(run.attribution());
  }

  /**
   * Chooses by the scores of the run in {@code directory}.
   *
   * @param flags {@code select}, {@code top} and {@code ranking}, where they are not to be the
   *     run's own
   */
  public static Reselection of(Path directory, Map<String, Object> flags) throws IOException {
    StoredRun run = StoredRun.read(directory);
    DiscoverySpec spec = SpecYaml.read(StoredRun.file(directory, "spec.yaml"), flags);
    return new Reselection(run, spec.selection(run.attribution().units()));
  }

  /** How the edges were chosen. */
  public Selection selection() {
    return selection;
  }

  /** The edges chosen. */
  public Circuit circuit() {
    return circuit;
  }

  /** The run's own circuit. */
  public Circuit own() {
    return run.circuit().circuit();
  }

  /** Writes the circuit with the run's scores to {@code file}, which must not exist. */
  public void write(Path file) throws IOException {
    if (Files.exists(file)) {
      throw new IllegalArgumentException(
          "%s already exists; give another --out or remove it".formatted(file));
    }
    CircuitJson.write(file, circuit, selection.words(), run.attribution(), run.circuit().width());
  }

  /** This as JSON, in one line. */
  public String json() {
    ObjectNode json =
        new JsonMapper()
            .createObjectNode()
            .put("selection", selection.words())
            .put("edges", circuit.size())
            .put("own_edges", own().size())
            .put("shared_edges", circuit.shared(own()));
    ResultJson.put(json, "jaccard", circuit.jaccard(own()));
    return json.toString();
  }
}
