package dev.cotrace;

import dev.cotrace.attribution.Shard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code shard.json}: which shard of a run a directory holds. */
final class ShardFile {
  /** Its name. */
  static final String NAME = "shard.json";

  private static final JsonMapper JSON = new JsonMapper();

  private ShardFile() {}

  static void write(RunDirectory directory, Shard shard) throws IOException {
    directory.write(
        NAME,
        JSON.createObjectNode().put("shard", shard.index()).put("of", shard.count()).toString()
            + "\n");
  }

  /** The shard in {@code directory}; null where a whole run is in it. */
  static @Nullable Shard read(Path directory) throws IOException {
    Path file = directory.resolve(NAME);
    if (!Files.exists(file)) {
      return null;
    }
    JsonNode json = StoredRun.json(file);
    return new Shard(json.path("shard").asInt(0), json.path("of").asInt(0));
  }
}
