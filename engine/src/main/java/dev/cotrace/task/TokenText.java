package dev.cotrace.task;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Shows tokens to people: ids with the text each stands for.
 *
 * @param codec of the model; null for a model over bare token ids, whose tokens have no text
 */
public record TokenText(@Nullable TextCodec codec) {
  /** Columns of a line of {@link #aligned}. */
  private static final int LINE = 100;

  /** The text of each of {@code ids}; empty for a model over bare token ids. */
  public List<String> strings(int[] ids) {
    return codec == null ? List.of() : codec.pieces(ids);
  }

  /** The text of {@code ids} together: what was written; ids for a model without text. */
  public String text(int[] ids) {
    return codec == null ? show(ids) : codec.decode(ids);
  }

  /** For example {@code 464 'The' 1175 ' war'}. */
  public String show(int[] ids) {
    StringBuilder shown = new StringBuilder();
    for (int id : ids) {
      shown.append(shown.isEmpty() ? "" : " ").append(show(id));
    }
    return shown.toString();
  }

  private String show(int id) {
    return codec == null ? String.valueOf(id) : id + " " + token(id);
  }

  /** The text of one token in quotes; the id for a model without text. */
  public String token(int id) {
    return codec == null ? String.valueOf(id) : quoted(codec.shown(id));
  }

  /** The text of one token as its tokenizer decodes it; the id for a model without text. */
  public String decoded(int id) {
    return codec == null ? String.valueOf(id) : codec.decode(id);
  }

  /** What would move a terminal's cursor, or turn its text around, is spelled out. */
  public static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("'");
    text.codePoints()
        .forEach(c -> {
          switch (c) {
            case '\\' -> quoted.append("\\\\");
            case '\n' -> quoted.append("\\n");
            case '\t' -> quoted.append("\\t");
            default -> {
              if (isUnsafe(c)) {
                spellOut(quoted, c);
              } else {
                quoted.appendCodePoint(c);
              }
            }
          }
        });
    return quoted.append("'").toString();
  }

  /**
   * Whether the code point {@code c} would move a terminal's cursor, turn its text around, or stand
   * there unseen.
   */
  public static boolean isUnsafe(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          true;
      default -> false;
    };
  }

  /** Adds the code point {@code c} to {@code text} as JSON and Java spell it. */
  public static void spellOut(StringBuilder text, int c) {
    for (char half : Character.toChars(c)) {
      text.append("\\u%04X".formatted((int) half));
    }
  }

  /**
   * Two prompts under each other, equal beginnings and endings aligned, in lines of a terminal's
   * width.
   */
  public String aligned(int[] clean, int[] corrupted) {
    int shorter = Math.min(clean.length, corrupted.length);
    int start = 0;
    while (start < shorter && clean[start] == corrupted[start]) {
      start++;
    }
    int end = 0;
    while (end < shorter - start
        && clean[clean.length - 1 - end] == corrupted[corrupted.length - 1 - end]) {
      end++;
    }
    int longer = Math.max(clean.length, corrupted.length);
    return columns(spread(clean, longer, end), spread(corrupted, longer, end));
  }

  /** The ids shown one by one, with a gap before the last {@code end} to fill {@code length}. */
  private List<String> spread(int[] ids, int length, int end) {
    List<String> cells = new ArrayList<>();
    for (int i = 0; i < ids.length - end; i++) {
      cells.add(show(ids[i]));
    }
    while (cells.size() < length - end) {
      cells.add("–");
    }
    for (int i = ids.length - end; i < ids.length; i++) {
      cells.add(show(ids[i]));
    }
    return cells;
  }

  private static String columns(List<String> upper, List<String> lower) {
    StringBuilder text = new StringBuilder();
    StringBuilder first = new StringBuilder();
    StringBuilder second = new StringBuilder();
    for (int i = 0; i < upper.size(); i++) {
      int width = Math.max(upper.get(i).length(), lower.get(i).length());
      if (first.length() + width > LINE) {
        text.append("\n  clean    ").append(first).append("\n  corrupted").append(second);
        first.setLength(0);
        second.setLength(0);
      }
      first.append("  ").append(upper.get(i)).repeat(' ', width - upper.get(i).length());
      second.append("  ").append(lower.get(i)).repeat(' ', width - lower.get(i).length());
    }
    return text.append("\n  clean    ")
        .append(first)
        .append("\n  corrupted")
        .append(second)
        .toString();
  }
}
