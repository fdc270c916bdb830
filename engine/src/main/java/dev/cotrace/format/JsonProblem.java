package dev.cotrace.format;

import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;

/** What is wrong with JSON, in words for a user. */
public final class JsonProblem {
  /** Where an object that never ends began, which Jackson will not say. */
  private static final Pattern START = Pattern.compile(" \\(start marker at \\[[^\\]]*\\]\\)");

  private JsonProblem() {}

  /** One line without Jackson's remarks about its source. */
  public static String of(JacksonException e) {
    String first = String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("unreadable");
    return START.matcher(first).replaceAll("");
  }
}
