package dev.cotrace.rollout;

/** How the rollouts of one prompt at one gate are drawn together. */
public sealed interface Scheme {
  /** More rows than this are never counted. */
  double MOST_ROWS = 1e9;

  /** Rows that {@code rollouts} of a request come to need at most. */
  default int rows(int rollouts) {
    double leaves =
        switch (this) {
          case Branching(_, int top, int rest, int most) -> Math.pow(top + rest, most);
          case Independent _, WithoutReplacement _ -> 1;
        };
    return (int) Math.min(MOST_ROWS, rollouts * leaves);
  }

  /**
   * K rollouts drawn apart from each other.
   *
   * @param weighting of the rollouts, for independent ones
   */
  record Independent(Weighting weighting) implements Scheme {}

  /**
   * K trees. Where a tree branches, the {@code top} most probable tokens are listed, each with its
   * probability, and {@code rest} tokens are drawn from the others; each token is a way on with a
   * random stream of its own. So the sum over the next token is exact but for its tail.
   *
   * @param at where trees branch: known from the tokens before, or the estimate would be biased
   * @param top tokens to list, at least 1
   * @param rest tokens to draw from the others, at least 1
   * @param most branchings on one path
   */
  record Branching(BranchPoints at, int top, int rest, int most) implements Scheme {
    /** Refuses trees that never branch. */
    public Branching {
      if (top < 1 || rest < 1 || most < 1) {
        throw new IllegalArgumentException(
            "--branch-top, --branch-rest and --branch-most must be at least 1, got %d, %d and %d"
                .formatted(top, rest, most));
      }
    }
  }

  /**
   * The K different rollouts that a stochastic beam search draws without replacement (Kool et al.
   * 2019), weighted as an unordered set (Kool et al. 2020).
   */
  record WithoutReplacement() implements Scheme {}

  /** Which prefixes a tree branches after. */
  sealed interface BranchPoints {
    /**
     * After every prefix that ends where {@code boundary} says so, such as a sentence.
     *
     * @param boundary asked after every token
     */
    record After(StopRule boundary) implements BranchPoints {}

    /**
     * Where the entropy of the next token is at least {@code nats}.
     *
     * @param nats not negative
     */
    record Entropy(double nats) implements BranchPoints {}
  }
}
