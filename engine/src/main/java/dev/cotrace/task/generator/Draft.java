package dev.cotrace.task.generator;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A pair as text, before the tokenizer has been asked.
 *
 * @param lead what stands before the problem in both prompts, such as solved problems
 * @param pool the name of the words that differ, for errors
 * @param answer the right answer, without the space before it
 * @param wrong the answer to the corrupted prompt, without the space before it
 */
record Draft(String lead, String pool, Side clean, Side corrupted, String answer, String wrong) {
  private static final Pattern SLOT = Pattern.compile("\\{([A-Za-z0-9]+)\\}");

  /**
   * One of the two prompts.
   *
   * @param changed where it differs from the other, spaces before words included
   */
  record Side(String text, List<Range> changed) {}

  /** Characters {@code from}, included, to {@code to}, not included. */
  record Range(int from, int to) {
    boolean meets(int start, int end) {
      return start < to && from < end;
    }
  }

  /** Fills the slots {@code {NAME}} of {@code template} twice, behind {@code lead}. */
  static Draft of(
      String lead,
      String pool,
      String template,
      Map<String, String> clean,
      Map<String, String> corrupted,
      String answer,
      String wrong) {
    return new Draft(
        lead,
        pool,
        side(lead, template, clean, corrupted),
        side(lead, template, corrupted, clean),
        answer,
        wrong);
  }

  /** The clean prompt without what leads to it: what makes a pair another one. */
  String problem() {
    return clean.text().substring(lead.length());
  }

  private static Side side(
      String lead, String template, Map<String, String> words, Map<String, String> others) {
    StringBuilder text = new StringBuilder(lead);
    List<Range> changed = new ArrayList<>();
    Matcher slot = SLOT.matcher(template);
    int at = 0;
    while (slot.find()) {
      text.append(template, at, slot.start());
      String word = word(words, slot.group(1));
      if (!word.equals(word(others, slot.group(1)))) {
        boolean space = !text.isEmpty() && text.charAt(text.length() - 1) == ' ';
        changed.add(new Range(text.length() - (space ? 1 : 0), text.length() + word.length()));
      }
      text.append(word);
      at = slot.end();
    }
    return new Side(text.append(template.substring(at)).toString(), changed);
  }

  private static String word(Map<String, String> words, String slot) {
    String word = words.get(slot);
    if (word == null) {
      throw new IllegalArgumentException("the slot {%s} has no word".formatted(slot));
    }
    return word;
  }
}
