package dev.cotrace;

import dev.cotrace.attribution.Checkpoint;
import dev.cotrace.attribution.Job;
import dev.cotrace.attribution.JobResult;
import dev.cotrace.attribution.Kept;
import dev.cotrace.attribution.Workload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the shards of a run have done, as if it were one process that was broken off. */
final class MergedCheckpoint implements Checkpoint {
  private final List<StoredShard> shards;
  private final CheckpointResults known = new CheckpointResults();

  /** Of shards that belong together, whose sums are added in this order. */
  MergedCheckpoint(List<StoredShard> shards) throws IOException {
    this.shards = shards;
    for (StoredShard shard : shards) {
      known.read(shard.results(), shard.state().header().results().length());
    }
  }

  @Override
  public @Nullable JobResult known(Workload work, String drawing, Job job) {
    return known.find(work, drawing, job);
  }

  @Override
  public void keep(String name, Kept part) {
    try {
      for (StoredShard shard : shards) {
        shard.state().add(name, part);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Nothing: a merge that is broken off is done again. */
  @Override
  public void add(String drawing, JobResult result) {}

  /** Nothing, as {@link #add}. */
  @Override
  public void settled() {}
}
