package dev.cotrace.task;

import dev.cotrace.rollout.Outcome;
import dev.cotrace.rollout.OutcomeTerm;
import dev.cotrace.rollout.OutcomeTerm.Argument;
import dev.cotrace.rollout.SampledText;
import java.util.List;

/**
 * {@code exact-match}: 1 when the sampled text gives the right answer, else 0. {@code
 * exact-match(number)} compares numbers, {@code exact-match(boxed)} what is in the last {@code
 * \boxed{…}}; with a marker they look behind its last occurrence only.
 *
 * <p>For text, with a marker, what follows its last occurrence must begin with the answer, and the
 * answer must end there: {@code 7} is not found in {@code 72} or {@code 7.5}. A text without the
 * marker is wrong. With no marker, the text must end with the answer in the same sense, but for
 * punctuation. Space around the answer never counts; letter case does.
 *
 * @param marker the text before the answer, for example {@code "Answer:"}; empty for none
 * @param form what kind of answer is compared
 */
public record ExactMatch(String marker, Form form) implements Outcome {
  /** Kinds of answers. */
  public enum Form {
    /** Letter for letter. */
    TEXT,
    /** By value, as GSM8K's answers are. */
    NUMBER,
    /** In a box and written alike, as MATH's answers are. */
    BOXED
  }

  /** Compares texts. */
  public ExactMatch(String marker) {
    this(marker, Form.TEXT);
  }

  @Override
  public String name() {
    return OutcomeTerm.EXACT_MATCH;
  }

  @Override
  public ExactMatch with(List<Argument> arguments) {
    if (arguments.isEmpty()) {
      return new ExactMatch(marker);
    }
    return switch (arguments.toString()) {
      case "[number]" -> new ExactMatch(marker, Form.NUMBER);
      case "[boxed]" -> new ExactMatch(marker, Form.BOXED);
      default ->
          throw new IllegalArgumentException(
              "exact-match takes nothing in brackets, or number, or boxed; got " + arguments);
    };
  }

  @Override
  public double[] values(List<SampledText> texts) {
    return texts.stream().mapToDouble(text -> matches(text) ? 1 : 0).toArray();
  }

  private boolean matches(SampledText sampled) {
    String answer = sampled.answer().strip();
    if (form == Form.TEXT) {
      return matches(sampled.text(), marker, answer);
    }
    int at = marker.isEmpty() ? 0 : sampled.text().lastIndexOf(marker);
    if (at < 0) {
      return false;
    }
    String text = sampled.text().substring(at + marker.length());
    if (form == Form.BOXED) {
      String right = BoxedAnswer.last(answer).orElse(answer);
      return BoxedAnswer.last(text).filter(box -> BoxedAnswer.same(box, right)).isPresent();
    }
    String right =
        NumberAnswer.of(answer)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "pair %s: exact-match(number) needs an answer with a number in it, got '%s'"
                        .formatted(sampled.pair(), answer)));
    return (marker.isEmpty() ? NumberAnswer.of(text) : NumberAnswer.first(text))
        .filter(right::equals)
        .isPresent();
  }

  static boolean matches(String text, String marker, String answer) {
    if (answer.isEmpty()) {
      return false;
    }
    if (marker.isEmpty()) {
      return endsWith(withoutPunctuation(text.strip()), withoutPunctuation(answer));
    }
    int at = text.lastIndexOf(marker);
    return at >= 0 && beginsWith(text.substring(at + marker.length()).strip(), answer);
  }

  private static boolean beginsWith(String text, String answer) {
    if (!text.startsWith(answer)) {
      return false;
    }
    String rest = text.substring(answer.length());
    boolean decimal =
        rest.length() > 1
            && (rest.charAt(0) == '.' || rest.charAt(0) == ',')
            && Character.isDigit(rest.charAt(1));
    return rest.isEmpty() || !(decimal || isWord(answer, rest.codePointAt(0)));
  }

  private static boolean endsWith(String text, String answer) {
    if (!text.endsWith(answer)) {
      return false;
    }
    String before = text.substring(0, text.length() - answer.length());
    return before.isEmpty() || !Character.isLetterOrDigit(before.codePointBefore(before.length()));
  }

  /** Whether {@code next} goes on with a word or number that ends in {@code answer}. */
  private static boolean isWord(String answer, int next) {
    return Character.isLetterOrDigit(answer.codePointBefore(answer.length()))
        && Character.isLetterOrDigit(next);
  }

  private static String withoutPunctuation(String text) {
    int end = text.length();
    while (end > 0 && ".,;:!?".indexOf(text.charAt(end - 1)) >= 0) {
      end--;
    }
    return text.substring(0, end).strip();
  }
}
