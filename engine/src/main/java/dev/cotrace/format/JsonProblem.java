package dev.cotrace.format;

import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;

/** What is wrong with JSON, in words for a user. */
public final class JsonProblem {
  /** Where what is not closed began, which Jackson will not say. */
  private static final Pattern START = Pattern.compile(" \\([^()\\[]*\\[Source: [^\\]]*\\]\\)");

  private JsonProblem() {}

  /** One line without Jackson's remarks about its source. */
  public static String of(JacksonException e) {
    String first = String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("unreadable");
    return START.matcher(first).replaceAll("");
  }

  /** The line that it is in, counted from 1. */
  public static int line(JacksonException e) {
    return e.getLocation() == null ? 1 : Math.max(1, e.getLocation().getLineNr());
  }
}
