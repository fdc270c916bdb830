package dev.cotrace;

import dev.cotrace.OwnTexts.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Texts to train a dictionary on, and others to measure it on: those of every tenth pair, of the
 * last one where there are fewer than ten.
 *
 * @param training token ids of each text, {@code [T]}
 * @param heldOut of pairs whose prompts are in no text to train on
 */
record TrainingTexts(List<int[]> training, List<Text> heldOut) {
  private static final int EVERY = 10;

  /**
   * Samples texts until there are {@code tokens} to train on.
   *
   * @throws IllegalArgumentException when there is nothing to measure on
   */
  static TrainingTexts sample(OwnTexts own, long tokens, DiscoveryListener listener) {
    if (own.pairs() < 2) {
      throw refused(own, tokens);
    }
    List<Text> training = new ArrayList<>();
    List<Text> heldOut = new ArrayList<>();
    int pairs = own.pairs();
    OwnTexts.SampledTokens progress = new OwnTexts.SampledTokens(tokens, listener);
    own.read(
        listener,
        text -> {
          boolean apart = isHeldOut(text.prompt().pair(), pairs);
          (apart ? heldOut : training).add(text);
          return progress.add(apart ? 0 : text.ids().length);
        });
    progress.end();
    Set<List<Integer>> known =
        training.stream().map(text -> list(text.prompt().ids())).collect(Collectors.toSet());
    List<Text> unknown =
        heldOut.stream().filter(text -> !known.contains(list(text.prompt().ids()))).toList();
    if (training.isEmpty() || unknown.isEmpty()) {
      throw refused(own, tokens);
    }
    return new TrainingTexts(training.stream().map(Text::ids).toList(), unknown);
  }

  private static IllegalArgumentException refused(OwnTexts own, long tokens) {
    return new IllegalArgumentException(
        "a dictionary is measured on pairs that it was not trained on, every tenth or the last, and %d pairs with %d tokens leave none: give a task of more pairs, or more --tokens"
            .formatted(own.pairs(), tokens));
  }

  private static boolean isHeldOut(int pair, int pairs) {
    return pairs < EVERY ? pair == pairs - 1 : pair % EVERY == EVERY - 1;
  }

  private static List<Integer> list(int[] ids) {
    return IntStream.of(ids).boxed().toList();
  }
}
