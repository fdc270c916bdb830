package dev.cotrace;

import dev.cotrace.attribution.LocalRunner;
import dev.cotrace.attribution.Shard;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** All shards of a discovery put together. */
public final class Merge {
  private Merge() {}

  /**
   * Adds up what {@code shards} did, and does what is left of the run: references, and circuits
   * sampled from.
   *
   * @param out the directory to make; null for one under runs/
   * @throws IllegalArgumentException when shards are missing, twice there, not finished or torn, or
   *     of different runs, and when the model or the task has changed
   * @throws CancellationException as {@link Discovery#run(DiscoverySpec, DiscoveryListener)};
   *     merging is done again then
   */
  public static DiscoveryResult run(
      List<Path> shards, @Nullable Path out, DiscoveryListener listener) throws IOException {
    List<StoredShard> stored = new ArrayList<>();
    for (Path path : shards) {
      stored.add(StoredShard.read(path));
    }
    stored.sort(Comparator.comparingInt(shard -> shard.shard().index()));
    requireAllOnce(stored);
    requireOneRun(stored);

    Map<String, Object> flags = new HashMap<>();
    if (out != null) {
      flags.put("out", out.toString());
    }
    Path first = stored.getFirst().path();
    DiscoverySpec spec = SpecYaml.read(first.resolve("spec.yaml"), flags);
    try (RunDirectory directory = RunDirectory.create(RunNames.directory(spec));
        Experiment experiment = Experiment.open(spec, listener)) {
      RunPlan plan = Discovery.plan(experiment);
      for (StoredShard shard : stored) {
        Provenance.requireSame(shard.path(), shard.provenance(), experiment);
      }
      DiscoveryResult result;
      try (RunLog log = new RunLog(directory, experiment, listener)) {
        log.begin(plan);
        for (StoredShard shard : stored) {
          log.say("shard %s from %s".formatted(shard.shard(), shard.path()));
        }
        log.copy(stored);
        LocalRunner runner = new LocalRunner(log, new MergedCheckpoint(stored));
        result =
            new DiscoveryCourse(directory, experiment, log).run(plan.memory().layout(), runner);
      }
      directory.finish();
      return result;
    }
  }

  private static void requireAllOnce(List<StoredShard> shards) {
    if (shards.isEmpty()) {
      throw new IllegalArgumentException("there are no shards to merge");
    }
    Shard first = shards.getFirst().shard();
    Map<Integer, StoredShard> seen = new HashMap<>();
    for (StoredShard shard : shards) {
      if (shard.shard().count() != first.count()) {
        throw new IllegalArgumentException(
            "%s is shard %s and %s is shard %s: they are parts of different divisions"
                .formatted(shards.getFirst().path(), first, shard.path(), shard.shard()));
      }
      StoredShard twice = seen.put(shard.shard().index(), shard);
      if (twice != null) {
        throw new IllegalArgumentException(
            "%s and %s are both shard %s; leave one out"
                .formatted(twice.path(), shard.path(), shard.shard()));
      }
    }
    List<String> missing = new ArrayList<>();
    for (int index = 1; index <= first.count(); index++) {
      if (!seen.containsKey(index)) {
        missing.add(index + "/" + first.count());
      }
    }
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          "missing: shard %s; cotrace discover --shard makes it"
              .formatted(String.join(", ", missing)));
    }
  }

  private static void requireOneRun(List<StoredShard> shards) {
    StoredShard first = shards.getFirst();
    for (StoredShard shard : shards) {
      if (!shard.spec().equals(first.spec())) {
        throw new IllegalArgumentException(
            "%s and %s are shards of different runs: their spec.yaml differ"
                .formatted(first.path(), shard.path()));
      }
    }
  }
}
