package dev.cotrace.rollout;

import java.util.ArrayList;
import java.util.List;

/** Rollouts drawn apart from each other. */
final class IndependentGrowth implements Growth {
  private final Weighting weighting;
  private final List<Path> all = new ArrayList<>();

  IndependentGrowth(Sampler.Request request, Sampling sampling, Weighting weighting) {
    this.weighting = weighting;
    for (int k = 0; k < request.rollouts(); k++) {
      all.add(Path.root(k, request.prefix(), sampling));
    }
  }

  @Override
  public List<Path> roots() {
    return all;
  }

  @Override
  public List<Path> grow(List<Path> paths, NextTokens next) {
    paths.forEach(path -> path.append(next.drawn(path.row)));
    return paths;
  }

  @Override
  public int rows(int paths) {
    return paths;
  }

  @Override
  public Sample sample() {
    return Sample.of(all, weighting, all.stream().mapToLong(Path::drawn).sum());
  }
}
