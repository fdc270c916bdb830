package dev.cotrace.task;

import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** What a chat template is told besides the messages, as it is written in settings. */
public final class ChatSettings {
  /** What a template is always given by us. */
  private static final Set<String> TAKEN = Set.of("messages", "add_generation_prompt");

  private ChatSettings() {}

  /**
   * Refuses values that are not true, false, a number or a text; the result is sorted. Truth values
   * as Python writes them are truth values: to a template their text would be something else.
   */
  static Map<String, Object> checked(Map<String, Object> options) {
    Map<String, Object> checked = new TreeMap<>();
    options.forEach((name, value) -> {
      if (TAKEN.contains(name)) {
        throw new IllegalArgumentException(
            "--chat-option %s cannot be set: the prompts decide it".formatted(name));
      }
      if (!(value instanceof Boolean || value instanceof Number || value instanceof String)) {
        throw new IllegalArgumentException(
            "--chat-option %s must be true, false, a number or a text, got %s"
                .formatted(name, value));
      }
      boolean truth = value.equals("True") || value.equals("False");
      checked.put(name, truth ? (Object) value.equals("True") : value);
    });
    return Collections.unmodifiableMap(checked);
  }

  /**
   * The day that {@code text} names; none when it is empty.
   *
   * @throws IllegalArgumentException when it names none
   */
  static Optional<LocalDate> date(String text) {
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(LocalDate.parse(text));
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException(
          "--chat-date must be a day such as 2026-01-31, got '%s'".formatted(text), e);
    }
  }

  /** The day that {@code settings} name, else today. */
  public static LocalDate date(TaskSettings settings) {
    return date(settings.chatDate()).orElseGet(() -> LocalDate.now(ZoneId.systemDefault()));
  }
}
