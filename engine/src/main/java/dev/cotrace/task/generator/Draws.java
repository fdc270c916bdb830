package dev.cotrace.task.generator;

import dev.cotrace.rollout.Randomness;
import java.util.ArrayList;
import java.util.List;

/** The random draws of one attempt at one pair; the same seed, pair and attempt give the same. */
final class Draws {
  private final Randomness randomness;
  private final long pair;
  private final long attempt;
  private long count;

  Draws(long seed, long pair, long attempt) {
    randomness = new Randomness(seed);
    this.pair = pair;
    this.attempt = attempt;
  }

  /** A whole number from {@code low} to {@code high}, both included. */
  int between(int low, int high) {
    return low + (int) (randomness.uniform(pair, attempt, count++) * (high - low + 1));
  }

  <T> T of(List<T> all) {
    return all.get(between(0, all.size() - 1));
  }

  /** {@code n} different ones of {@code all}, in random order. */
  <T> List<T> some(int n, List<T> all) {
    List<T> left = new ArrayList<>(all);
    List<T> some = new ArrayList<>();
    while (some.size() < n) {
      some.add(left.remove(between(0, left.size() - 1)));
    }
    return some;
  }

  <T> List<T> shuffled(List<T> all) {
    return some(all.size(), all);
  }
}
