package dev.cotrace;

import dev.cotrace.attribution.Shard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.databind.JsonNode;

/**
 * A finished shard in its directory.
 *
 * @param path as it was given
 * @param shard which it is
 * @param spec the text of its specification
 * @param provenance where it comes from
 * @param state what it has added up
 */
record StoredShard(
    Path path, Shard shard, String spec, JsonNode provenance, CheckpointState state) {
  /**
   * Reads what {@code path} says of its shard.
   *
   * @throws IllegalArgumentException when it holds none, or one that is not finished
   */
  static StoredShard read(Path path) throws IOException {
    if (!Files.exists(path) && Files.exists(Path.of(path + RunDirectory.INCOMPLETE))) {
      throw new IllegalArgumentException(
          "the shard %1$s is not finished; go on with it by cotrace discover --resume %1$s"
              .formatted(path));
    }
    Shard shard = Files.isDirectory(path) ? ShardFile.read(path) : null;
    if (shard == null) {
      throw new IllegalArgumentException(
          "%s is not the directory of a shard; cotrace discover --shard i/n makes one"
              .formatted(path));
    }
    CheckpointState state =
        CheckpointState.read(path.resolve(RunCheckpoint.STATE), Provenance.run(path));
    StoredShard stored =
        new StoredShard(
            path,
            shard,
            Files.readString(path.resolve("spec.yaml")),
            StoredRun.json(path.resolve("provenance.json")),
            state);
    state.header().results().require(stored.results());
    state.header().rollouts().require(stored.rollouts());
    return stored;
  }

  /** What it sampled. */
  Path rollouts() {
    return path.resolve("rollouts.jsonl");
  }

  /** The results that it kept. */
  Path results() {
    return path.resolve(RunCheckpoint.RESULTS);
  }
}
