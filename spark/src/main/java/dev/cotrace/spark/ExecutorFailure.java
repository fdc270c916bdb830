package dev.cotrace.spark;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What Spark says when a task has failed for good, in a sentence. */
final class ExecutorFailure {
  /** Spark gives the last failure as text: where, the type of the exception, its message. */
  private static final Pattern LAST =
      Pattern.compile(
          "most recent failure: Lost task \\S+ in stage \\S+ \\(TID [0-9]+\\) \\((?<where>[^)]*)\\): (?<what>.*)");

  private static final Pattern TYPE =
      Pattern.compile("^(?:[a-z]+\\.)+[A-Za-z]+(?:Exception|Error): ");

  private ExecutorFailure() {}

  static String sentence(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    Matcher last = LAST.matcher(message);
    if (!last.find()) {
      return "Spark has given up: " + message.lines().findFirst().orElse("it does not say why");
    }
    String what = TYPE.matcher(last.group("what")).replaceFirst("");
    return "an executor (%s) has failed: %s".formatted(last.group("where"), what);
  }
}
