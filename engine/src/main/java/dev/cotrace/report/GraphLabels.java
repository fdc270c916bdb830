package dev.cotrace.report;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What an attribution graph says of where it is from.
 *
 * @param slug its name, of the characters that uploads allow
 * @param scan the model's name where it is uploaded, of the same characters
 * @param prompt a prompt of the task
 * @param description in a sentence
 * @param segments the columns, as many as the scores have bins; one where they have none
 * @param settings how the scores were made, by name
 * @param version of Cotrace
 * @param createdMillis since 1970
 */
public record GraphLabels(
    String slug,
    String scan,
    String prompt,
    String description,
    List<Segment> segments,
    Map<String, String> settings,
    String version,
    long createdMillis) {
  private static final Pattern UPLOADED = Pattern.compile("[A-Za-z0-9_.-]+");

  /** Refuses names that no upload would take. */
  public GraphLabels {
    requireUploadable("slug", slug);
    requireUploadable("scan", scan);
    segments = List.copyOf(segments);
  }

  private static void requireUploadable(String what, String text) {
    if (!UPLOADED.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "--%s may have letters, digits, '.', '_' and '-' only, got '%s'".formatted(what, text));
    }
  }
}
