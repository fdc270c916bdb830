package dev.cotrace;

import dev.cotrace.attribution.Layout;
import dev.cotrace.attribution.Runner;
import dev.cotrace.attribution.Shard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/**
 * A shard of a discovery: the jobs of every nth (pair, round) unit, whose sums {@link Merge} adds
 * to those of the other shards.
 *
 * @param path the directory that holds it
 * @param shard which it is, such as 2/4
 * @param sampledTokens tokens that were sampled for it
 */
public record ShardRun(Path path, String shard, long sampledTokens) {
  /**
   * Does a shard of {@code spec}.
   *
   * @param shard which, such as 2/4
   * @param every how long from one checkpoint to the next
   * @throws IllegalArgumentException as {@link Discovery#run(DiscoverySpec, DiscoveryListener)},
   *     and when jobs follow from the first ones
   * @throws CancellationException as {@link Discovery#run(DiscoverySpec, DiscoveryListener)}
   */
  public static ShardRun run(
      DiscoverySpec spec, String shard, DiscoveryListener listener, Duration every)
      throws IOException {
    return DiscoveryProcess.begin(
        spec, Shard.parse(shard), null, listener, every, Runners.LOCAL, ShardRun::of);
  }

  /** This as JSON, in one line. */
  public String json() {
    return new JsonMapper()
        .createObjectNode()
        .put("shard", shard)
        .put("sampled_tokens", sampledTokens)
        .put("run", path.toString())
        .toString();
  }

  /** Whether what was broken off in {@code run} is a shard. */
  public static boolean isIn(Path run) {
    return Stream.of(run, Path.of(run + RunDirectory.INCOMPLETE))
        .anyMatch(directory -> Files.exists(directory.resolve(ShardFile.NAME)));
  }

  /**
   * Goes on with a shard that was broken off.
   *
   * @throws IllegalArgumentException as {@link Discovery#resume}
   */
  public static ShardRun resume(Path run, DiscoveryListener listener, Duration every)
      throws IOException {
    return DiscoveryProcess.resume(run, listener, every, Runners.LOCAL, ShardRun::of);
  }

  private static ShardRun of(DiscoveryCourse course, Layout layout, Runner runner)
      throws IOException {
    Shard shard = Objects.requireNonNull(ShardFile.read(course.files()));
    return new ShardRun(course.path(), shard.toString(), course.sums(layout, shard, runner));
  }
}
