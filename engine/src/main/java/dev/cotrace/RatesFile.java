package dev.cotrace;

import dev.cotrace.attribution.WorkRates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Rates of an executor as JSON: {@code ends}, {@code circuits} and {@code gradients}, in FLOP/s.
 */
public final class RatesFile {
  private static final JsonMapper JSON = new JsonMapper();

  private RatesFile() {}

  /** Reads {@code file}. */
  public static WorkRates read(Path file) throws IOException {
    JsonNode json = StoredRun.json(file);
    for (String name : new String[] {"ends", "circuits", "gradients"}) {
      if (!json.path(name).isNumber()) {
        throw new IllegalArgumentException(
            "%s: expected a number called %s, as cotrace plan --save-rates writes it"
                .formatted(file, name));
      }
    }
    return new WorkRates(
        json.path("ends").numberValue().doubleValue(),
        json.path("circuits").numberValue().doubleValue(),
        json.path("gradients").numberValue().doubleValue());
  }

  /** Writes {@code rates} to {@code file}. */
  public static void write(Path file, WorkRates rates) throws IOException {
    Files.writeString(file, json(rates).toPrettyString() + "\n");
  }

  static ObjectNode json(WorkRates rates) {
    return JSON.createObjectNode()
        .put("ends", rates.ends())
        .put("circuits", rates.circuits())
        .put("gradients", rates.gradients());
  }
}
