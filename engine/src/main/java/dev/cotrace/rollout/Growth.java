package dev.cotrace.rollout;

import java.util.List;

/** How the chains of thought of one request come about, token by token. */
interface Growth {
  /** The paths to begin with; their prefixes are the request's. */
  List<Path> roots();

  /**
   * Adds one token to each path; there may be more or fewer paths afterwards.
   *
   * @param paths those that go on, in rows of {@code next}
   * @return those that were given a token, in the rows of their parents; some may end with it
   */
  List<Path> grow(List<Path> paths, NextTokens next);

  /** Rows that it may yet need at a time while {@code paths} of its paths go on. */
  int rows(int paths);

  /** What came of it, when no path goes on. */
  Sample sample();
}
