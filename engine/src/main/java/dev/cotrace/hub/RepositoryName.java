package dev.cotrace.hub;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The name of a model repository, such as {@code org/name}, or {@code gpt2} for the few without an
 * organisation.
 *
 * <p>Source: validate_repo_id of huggingface_hub. No name has two hyphens in a row, which is why a
 * folder's name says which repository it is.
 */
public record RepositoryName(String text) {
  private static final String FOLDER = "models--";
  private static final Pattern PART = Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?");
  private static final int LONGEST = 96;

  /** Refuses what the hub would not take for a name. */
  public RepositoryName {
    if (!isOne(text)) {
      throw new IllegalArgumentException(
          "expected a model's name such as org/name, got '%s': letters, digits, '_', '.' and '-', at most %d of them"
              .formatted(text, LONGEST));
    }
  }

  /** Whether {@code text} could be the name of a repository. */
  static boolean isOne(String text) {
    String[] parts = text.split("/", -1);
    for (String part : parts) {
      if (!PART.matcher(part).matches()) {
        return false;
      }
    }
    return parts.length <= 2
        && text.length() <= LONGEST
        && !text.contains("--")
        && !text.contains("..")
        && !text.endsWith(".git");
  }

  /** The repository whose folder in the cache is called {@code folder}, if it is a model's. */
  static Optional<RepositoryName> ofFolder(String folder) {
    String text = folder.startsWith(FOLDER) ? folder.substring(FOLDER.length()) : "";
    text = text.replace("--", "/");
    return isOne(text) ? Optional.of(new RepositoryName(text)) : Optional.empty();
  }

  /** What its folder in the cache is called. */
  String folder() {
    return FOLDER + text.replace("/", "--");
  }

  @Override
  public String toString() {
    return text;
  }
}
