package dev.cotrace.rollout;

import dev.cotrace.gate.Corruption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A chain of thought under way.
 *
 * <p>Paths of one request have random streams of their own from the step on at which they part.
 */
final class Path {
  /** Row of the batch that holds its prefix. */
  int row;

  private final long stream;
  private final double weight;
  private final List<Split> splits;
  private final int begun;
  private final int[] tokens;
  private final int[] partners; // of the tokens, in the corrupted run
  private final Sampling sampling;
  private int[] slots = {}; // on the record, of what was fed so far: prompt, then tokens
  private int fed;
  private int length;
  private Rollout.@Nullable Finish finish;

  /**
   * A choice between ways on from the same prefix.
   *
   * @param step at which the token was chosen; −1 for a root
   * @param branching names the choice within its request
   * @param way which of the ways this path took
   * @param listed whether the token was listed with its probability, not drawn
   */
  record Split(int step, int branching, int way, boolean listed) {}

  private Path(
      long stream,
      double weight,
      List<Split> splits,
      int[] tokens,
      int[] partners,
      int length,
      Sampling sampling) {
    this.partners = partners;
    this.stream = stream;
    this.weight = weight;
    this.splits = splits;
    this.tokens = tokens;
    this.sampling = sampling;
    this.length = length;
    begun = length;
    finish = length == sampling.maxNewTokens() ? Rollout.Finish.BUDGET : null;
  }

  /** The path of {@code stream} that begins with {@code prefix}; streams of roots are their own. */
  static Path root(long stream, int[] prefix, Sampling sampling) {
    int[] tokens = Arrays.copyOf(prefix, sampling.maxNewTokens());
    Split apart = new Split(-1, -1, Math.toIntExact(stream), false);
    int[] own = sampling.corruption().partners(prefix);
    int[] partners = Arrays.copyOf(own, sampling.maxNewTokens());
    return new Path(stream, 1, List.of(apart), tokens, partners, prefix.length, sampling);
  }

  /**
   * A way on from this path's prefix.
   *
   * @param share what it stands for of what this path stands for
   */
  Path child(long childStream, double share, Split split) {
    List<Split> all = new ArrayList<>(splits);
    all.add(split);
    Path child =
        new Path(
            childStream, weight * share, all, tokens.clone(), partners.clone(), length, sampling);
    child.row = row;
    child.slots = slots.clone();
    child.fed = fed;
    return child;
  }

  /** Takes note of where on the record its prompt is. */
  void recordPrompt(int[] promptSlots) {
    slots = promptSlots.clone();
    fed = promptSlots.length;
  }

  /** Takes note of where on the record the next of its transcript is. */
  void record(int slot) {
    if (fed == slots.length) {
      slots = Arrays.copyOf(slots, 2 * fed);
    }
    slots[fed++] = slot;
  }

  /** Where on the record its transcript is, as far as it was fed. */
  int[] slots() {
    return Arrays.copyOf(slots, fed);
  }

  /** How much of its transcript was fed and recorded. */
  int fed() {
    return fed;
  }

  /** Names the random stream of its draws within the request's job. */
  long stream() {
    return stream;
  }

  /** What it stands for of its root's share of the expectation. */
  double weight() {
    return weight;
  }

  /** Where it parted from others, the earliest first; the first is that of its root. */
  List<Split> splits() {
    return splits;
  }

  /** Number of tokens so far: the step of the next one. */
  int length() {
    return length;
  }

  /** Number of tokens that were drawn for this path alone. */
  int drawn() {
    return length - begun;
  }

  /** The tokens so far, in an array that may be longer. */
  int[] tokens() {
    return tokens;
  }

  /** The last token. */
  int last() {
    return tokens[length - 1];
  }

  /** Whether no token is to follow. */
  boolean done() {
    return finish != null;
  }

  /** What the corrupted run is fed in place of the last token. */
  int lastPartner() {
    return partners[length - 1];
  }

  /** Says what the corrupted run is fed in place of the next token, where that is drawn. */
  void partner(int token) {
    partners[length] = token;
  }

  /** Adds a token and sees whether it was the last. */
  void append(int token) {
    if (!(sampling.corruption() instanceof Corruption.Resample)) {
      partners[length] = sampling.corruption().partner(token);
    }
    tokens[length++] = token;
    if (sampling.endTokens().contains(token)) {
      finish = Rollout.Finish.END_TOKEN;
    } else if (sampling.stop().stopsAfter(tokens, length)) {
      finish = Rollout.Finish.STOP;
    } else if (length == sampling.maxNewTokens()) {
      finish = Rollout.Finish.BUDGET;
    }
  }

  /** The finished chain of thought. */
  Rollout rollout() {
    if (finish == null) {
      throw new IllegalStateException(
          "the path is still under way after %d tokens".formatted(length));
    }
    int fed = finish == Rollout.Finish.END_TOKEN ? length - 1 : length;
    return new Rollout(Arrays.copyOf(tokens, length), finish, Arrays.copyOf(partners, fed));
  }
}
