package dev.cotrace.rollout;

/** Decides from the sampled tokens whether a rollout is complete. */
@FunctionalInterface
public interface StopRule {
  /** Never stops. */
  StopRule NEVER = (_, _) -> false;

  /**
   * Whether the first {@code length} of {@code tokens} end the rollout; asked after every sampled
   * token, so that it need only look at the last ones.
   */
  boolean stopsAfter(int[] tokens, int length);

  /** Stops when the last sampled tokens are {@code ids}. */
  static StopRule onTokens(int... ids) {
    int[] wanted = ids.clone();
    return (tokens, length) -> {
      if (length < wanted.length) {
        return false;
      }
      for (int i = 0; i < wanted.length; i++) {
        if (tokens[length - wanted.length + i] != wanted[i]) {
          return false;
        }
      }
      return true;
    };
  }
}
