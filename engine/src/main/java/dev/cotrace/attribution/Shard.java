package dev.cotrace.attribution;

import dev.cotrace.circuit.Method;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One of several processes that share the jobs of a run: every {@code count}th (pair, round) unit
 * is its own, with all that is computed for it.
 *
 * @param index from 1
 * @param count of all shards
 */
public record Shard(int index, int count) {
  private static final Pattern TEXT = Pattern.compile("([0-9]{1,6})/([0-9]{1,6})");

  /** Refuses what is no shard. */
  public Shard {
    if (index < 1 || count < 1 || index > count) {
      throw new IllegalArgumentException(
          "a shard is i/n with i from 1 to n, got %d/%d".formatted(index, count));
    }
  }

  /** The shard that is written {@code 2/4}. */
  public static Shard parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("a shard is i/n, such as 2/4, got '%s'".formatted(text));
    }
    return new Shard(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }

  /**
   * Refuses work whose jobs are not known before the first has run, and more shards than units.
   *
   * @throws IllegalArgumentException saying what to change
   */
  public void require(Workload work) {
    Settings settings = work.settings();
    if (settings.method() == Method.RANDOM) {
      throw new IllegalArgumentException("--method random has no work to share");
    }
    if (settings.method().isGradient() && settings.quadrature() == Quadrature.ADAPTIVE) {
      throw new IllegalArgumentException(
          "shards know their jobs before they run, but those of --quadrature adaptive follow from the first ones: use gauss-legendre, with some --points");
    }
    if (work.firstRounds() < work.repeats() || settings.until().goesOn()) {
      throw new IllegalArgumentException(
          "shards know their jobs before they run, but those of --until, and of --allot variance beyond 2 --repeats, follow from the first ones: use --allot equal and a number of --repeats");
    }
    int units = work.clusters(work.repeats()).units();
    if (count > units) {
      throw new IllegalArgumentException(
          "%d shards cannot share %d pairs times %d rounds; use %d at most"
              .formatted(count, work.task().pairs().size(), work.repeats(), units));
    }
  }

  /** Whether {@code job} of {@code work} is one of this shard's. */
  boolean has(Workload work, Job job) {
    long unit = (long) job.repeat() * work.task().pairs().size() + job.prompt();
    return unit % count == index - 1;
  }

  /** How many of {@code units} units are this shard's. */
  int own(int units) {
    return units / count + (index <= units % count ? 1 : 0);
  }

  @Override
  public String toString() {
    return index + "/" + count;
  }
}
