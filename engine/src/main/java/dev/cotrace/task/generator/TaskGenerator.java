package dev.cotrace.task.generator;

import dev.cotrace.task.TextCodec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Draws pairs until enough fit the tokenizer. The same seed gives the same pairs. */
public final class TaskGenerator {
  private static final int ATTEMPTS = 300;

  private final PairKind kind;
  private final TextCodec codec;
  private final Fit fit;
  private final List<String> answers;

  /**
   * For the tokens of one model.
   *
   * @throws IllegalArgumentException when its tokenizer writes too few answers alike
   */
  public TaskGenerator(PairKind kind, TextCodec codec) {
    this.kind = kind;
    this.codec = codec;
    fit = new Fit(codec, kind.reading());
    answers = fit.alike(kind.answers());
  }

  /**
   * A task of {@code count} different pairs.
   *
   * @throws IllegalArgumentException naming the words that do not fit when there are not as many
   */
  public GeneratedTask generate(int count, long seed) {
    if (count < 1) {
      throw new IllegalArgumentException("--count must be at least 1, got " + count);
    }
    List<Draft> drafts = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (int pair = 0; pair < count; pair++) {
      drafts.add(draft(seed, pair, seen));
    }
    return GeneratedTask.of(kind, codec, fit, drafts);
  }

  private Draft draft(long seed, int pair, Set<String> seen) {
    String reason = "none of the answers fits";
    String pool = kind.answers().name();
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Optional<Draft> drawn = kind.draw(new Draws(seed, pair, attempt), answers);
      if (drawn.isPresent()) {
        Draft draft = drawn.get();
        pool = draft.pool();
        reason =
            seen.contains(draft.problem())
                ? "all have been used"
                : sameAnswer(draft) ? "its two answers are the same tokens" : fit.misfit(draft);
        if (reason.isEmpty()) {
          seen.add(draft.problem());
          return draft;
        }
      }
    }
    throw new IllegalArgumentException(
        "the pool '%s' gave no pair %d in %d draws for this tokenizer (at the last: %s); ask for fewer pairs, or another kind of task"
            .formatted(pool, pair + 1, ATTEMPTS, reason));
  }

  /** Two answers that the tokenizer writes alike cannot be told apart. */
  private boolean sameAnswer(Draft draft) {
    boolean spaced = kind.answers().spaced();
    return Arrays.equals(fit.answer(draft.answer(), spaced), fit.answer(draft.wrong(), spaced));
  }
}
