package dev.cotrace.rollout;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Trees of rollouts that branch where the tokens so far, and nothing later, say so. */
final class BranchingGrowth implements Growth {
  /** A tail less probable than this is rounding, not tokens. */
  private static final double NOTHING = 1e-12;

  private final Sampler.Request request;
  private final Scheme.Branching scheme;
  private final Randomness randomness;
  private final List<Path> roots = new ArrayList<>();
  private final List<Path> leaves = new ArrayList<>();
  private long tokens;
  private long streams;
  private int branchings;

  BranchingGrowth(
      Sampler.Request request, Sampling sampling, Scheme.Branching scheme, Randomness randomness) {
    this.request = request;
    this.scheme = scheme;
    this.randomness = randomness;
    for (int k = 0; k < request.rollouts(); k++) {
      roots.add(Path.root(streams++, request.prefix(), sampling));
    }
    leaves.addAll(roots.stream().filter(Path::done).toList());
  }

  @Override
  public List<Path> roots() {
    return roots;
  }

  @Override
  public List<Path> grow(List<Path> paths, NextTokens next) {
    List<Path> longer = new ArrayList<>();
    for (Path path : paths) {
      if (branches(path, next)) {
        longer.addAll(ways(path, next.probabilities(path.row)));
      } else {
        path.append(next.drawn(path.row));
        longer.add(path);
      }
    }
    tokens += longer.size();
    leaves.addAll(longer.stream().filter(Path::done).toList());
    return longer;
  }

  private boolean branches(Path path, NextTokens next) {
    return path.splits().size() <= scheme.most()
        && switch (scheme.at()) {
          case Scheme.BranchPoints.After(StopRule boundary) ->
              path.length() > 0 && boundary.stopsAfter(path.tokens(), path.length());
          case Scheme.BranchPoints.Entropy(double nats) ->
              entropy(next.probabilities(path.row)) >= nats;
        };
  }

  private static double entropy(double[] probabilities) {
    double entropy = 0;
    for (double p : probabilities) {
      entropy -= p > 0 ? p * Math.log(p) : 0;
    }
    return entropy;
  }

  private List<Path> ways(Path path, double[] probabilities) {
    int step = path.length();
    int branching = branchings++;
    List<Path> ways = new ArrayList<>();
    double tail = 1;
    List<Integer> listed =
        IntStream.range(0, probabilities.length)
            .boxed()
            .filter(id -> probabilities[id] > 0)
            .sorted(Comparator.comparingDouble((Integer id) -> -probabilities[id]))
            .limit(scheme.top())
            .toList();
    for (int id : listed) {
      Path.Split split = new Path.Split(step, branching, ways.size(), true);
      ways.add(way(path, id, probabilities[id], split));
      tail -= probabilities[id];
      probabilities[id] = 0;
    }
    for (int i = 0; i < scheme.rest() && tail > NOTHING; i++) {
      Path.Split split = new Path.Split(step, branching, ways.size(), false);
      double uniform = randomness.uniform(request.job(), streams, step);
      ways.add(way(path, drawn(probabilities, uniform), tail / scheme.rest(), split));
    }
    return ways;
  }

  private Path way(Path path, int token, double share, Path.Split split) {
    Path way = path.child(streams++, share, split);
    way.append(token);
    return way;
  }

  /** Inverts the distribution function of {@code masses}, which need not add up to 1. */
  private static int drawn(double[] masses, double uniform) {
    double total = 0;
    for (double mass : masses) {
      total += mass;
    }
    double left = uniform * total;
    int last = 0;
    for (int id = 0; id < masses.length; id++) {
      if (masses[id] > 0) {
        last = id;
        left -= masses[id];
        if (left < 0) {
          break;
        }
      }
    }
    return last;
  }

  @Override
  public int rows(int paths) {
    return paths == 0 ? 0 : scheme.rows(request.rollouts());
  }

  @Override
  public Sample sample() {
    return Sample.of(leaves, new TreeWeighting(request.rollouts(), leaves), tokens);
  }
}
