package dev.cotrace.rollout;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Stochastic beam search (Kool, van Hoof, Welling 2019, arXiv 1903.06059): keeps the K paths with
 * the largest Gumbel-perturbed log-probabilities, each child's perturbation drawn so that the
 * largest of a path's children has the path's own. What is left in the end is a sample without
 * replacement of whole chains of thought.
 */
final class WithoutReplacementGrowth implements Growth {
  private final Sampler.Request request;
  private final Randomness randomness;
  private final Path root;
  private List<Entry> beam;
  private long tokens;
  private long streams;

  /** A path with its log-probability and its perturbed log-probability. */
  private record Entry(Path path, double logProbability, double perturbed) {}

  /** A child of an entry that may come into the beam. */
  private record Candidate(Entry parent, int token, double logProbability, double perturbed) {}

  WithoutReplacementGrowth(Sampler.Request request, Sampling sampling, Randomness randomness) {
    this.request = request;
    this.randomness = randomness;
    root = Path.root(streams++, request.prefix(), sampling);
    beam = List.of(new Entry(root, 0, 0));
  }

  @Override
  public List<Path> roots() {
    return List.of(root);
  }

  @Override
  public List<Path> grow(List<Path> paths, NextTokens next) {
    List<Candidate> candidates = new ArrayList<>();
    Set<Path> ended = new HashSet<>(); // before this token
    for (Entry entry : beam) {
      if (entry.path.done()) {
        ended.add(entry.path);
        candidates.add(new Candidate(entry, -1, entry.logProbability, entry.perturbed));
      } else {
        candidates.addAll(children(entry, next.probabilities(entry.path.row)));
      }
    }
    beam =
        candidates.stream()
            .sorted(Comparator.comparingDouble((Candidate c) -> -c.perturbed))
            .limit(request.rollouts())
            .map(this::entry)
            .toList();
    return beam.stream().map(Entry::path).filter(path -> !ended.contains(path)).toList();
  }

  private Entry entry(Candidate chosen) {
    if (chosen.token < 0) {
      return chosen.parent;
    }
    tokens++;
    Path parent = chosen.parent.path;
    Path path = parent.child(streams, 1, new Path.Split(parent.length(), 0, (int) streams, false));
    streams++;
    path.append(chosen.token);
    return new Entry(path, chosen.logProbability, chosen.perturbed);
  }

  private List<Candidate> children(Entry entry, double[] probabilities) {
    double[] perturbed = new double[probabilities.length];
    Path path = entry.path;
    randomness.gumbel(request.job(), path.stream(), path.length(), perturbed, 0, perturbed.length);
    for (int id = 0; id < perturbed.length; id++) {
      perturbed[id] += entry.logProbability + Math.log(probabilities[id]);
    }
    double largest = Arrays.stream(perturbed).max().orElseThrow();
    List<Candidate> children = new ArrayList<>();
    for (int id = 0; id < perturbed.length; id++) {
      if (probabilities[id] > 0) {
        children.add(
            new Candidate(
                entry,
                id,
                entry.logProbability + Math.log(probabilities[id]),
                truncated(entry.perturbed, perturbed[id], largest)));
      }
    }
    return children;
  }

  /**
   * {@code value}, moved as if the largest of its siblings were {@code limit} (Kool et al., B.3).
   */
  private static double truncated(double limit, double value, double largest) {
    double v = limit - value + Math.log1p(-Math.exp(value - largest));
    return limit - Math.max(0, v) - Math.log1p(Math.exp(-Math.abs(v)));
  }

  @Override
  public int rows(int paths) {
    return paths == 0 ? 0 : request.rollouts();
  }

  @Override
  public Sample sample() {
    return Sample.of(beam.stream().map(Entry::path).toList(), new SetWeighting(), tokens);
  }
}
