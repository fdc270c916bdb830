package dev.cotrace.task.generator;

import dev.cotrace.task.TextCodec;
import dev.cotrace.task.Words.Message;
import dev.cotrace.task.generator.Draft.Range;
import dev.cotrace.task.generator.Draft.Side;
import dev.cotrace.task.generator.PairKind.Pool;
import dev.cotrace.task.generator.PairKind.Reading;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What one tokenizer makes of prompts and answers. */
final class Fit {
  /** What an answer stands behind when there is no prefix: any word of a sentence. */
  private static final String BEFORE = "They gave it to";

  private final TextCodec codec;
  private final Reading reading;

  Fit(TextCodec codec, Reading reading) {
    this.codec = codec;
    this.reading = reading;
  }

  /**
   * Those words of {@code pool} that take equally many tokens as an answer: one if there are enough
   * such words, else whatever most take.
   *
   * @throws IllegalArgumentException when there are too few
   */
  List<String> alike(Pool pool) {
    Map<Integer, List<String>> bySize =
        pool.words().stream()
            .collect(
                Collectors.groupingBy(
                    word -> answer(word, pool.spaced()).length, TreeMap::new, Collectors.toList()));
    List<String> single = bySize.getOrDefault(1, List.of());
    List<String> most =
        single.size() >= pool.needed()
            ? single
            : bySize.values().stream().max(Comparator.comparingInt(List::size)).orElseThrow();
    if (most.size() < pool.needed()) {
      throw new IllegalArgumentException(
          "the pool '%s' has no %d words that this tokenizer writes in equally many tokens, at most %d: this task cannot be made for it"
              .formatted(pool.name(), pool.needed(), most.size()));
    }
    return most;
  }

  /** The ids of an answer where it is read. */
  int[] answer(String word, boolean spaced) {
    String before = reading.answerPrefix().isEmpty() ? BEFORE : reading.answerPrefix();
    return spaced ? behind(before, " " + word) : behind("17", word);
  }

  /** The ids of the prefix before the answer, after a line of text. */
  int[] prefix() {
    return reading.answerPrefix().isEmpty()
        ? new int[0]
        : behind(reading.chat() ? "so it is." : "so it is.\n", reading.answerPrefix());
  }

  /** The ids that {@code text} adds behind {@code before}; by itself if it changes those before. */
  private int[] behind(String before, String text) {
    int[] head = codec.encode(before);
    int[] both = codec.encode(before + text);
    boolean stable = both.length > head.length && Arrays.mismatch(head, both) == head.length;
    return stable ? Arrays.copyOfRange(both, head.length, both.length) : codec.encode(text);
  }

  /** The ids of a prompt as a task feeds them. */
  int[] prompt(String text) {
    return reading.chat() ? codec.chat(List.of(new Message("user", text))) : codec.encode(text);
  }

  /** What keeps the prompts of {@code draft} from being alike; empty if nothing does. */
  String misfit(Draft draft) {
    int[] clean = prompt(draft.clean().text());
    int[] corrupted = prompt(draft.corrupted().text());
    if (clean.length != corrupted.length) {
      return "the prompts have %d and %d tokens".formatted(clean.length, corrupted.length);
    }
    if (Arrays.equals(clean, corrupted)) {
      return "the prompts are the same to the tokenizer";
    }
    return differsElsewhere(draft.clean(), clean, corrupted)
            || differsElsewhere(draft.corrupted(), corrupted, clean)
        ? "the prompts differ in tokens that hold none of the changed words"
        : "";
  }

  /** Whether a token of {@code ids} that {@code others} do not have lies outside the changes. */
  private boolean differsElsewhere(Side side, int[] ids, int[] others) {
    List<String> pieces = codec.pieces(ids);
    int start = String.join("", pieces).lastIndexOf(side.text());
    if (start < 0) {
      return true;
    }
    int at = -start;
    int begun = at;
    boolean differs = false;
    for (int i = 0; i < ids.length; i++) {
      at += pieces.get(i).length();
      differs |= ids[i] != others[i];
      // A character spread over several tokens is in the piece of its last one.
      if (!pieces.get(i).isEmpty()) {
        if (differs && !meets(side.changed(), begun, at)) {
          return true;
        }
        begun = at;
        differs = false;
      }
    }
    return false;
  }

  private static boolean meets(List<Range> changed, int start, int end) {
    return changed.stream().anyMatch(range -> range.meets(start, end));
  }
}
