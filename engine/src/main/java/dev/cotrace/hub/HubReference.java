package dev.cotrace.hub;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a user names a model of the hub by: {@code org/name}, {@code org/name@revision}, {@code
 * hf://org/name@revision/file}.
 *
 * @param repository which model
 * @param revision a branch, a tag or a commit
 * @param file one file of it; null for the model as a whole
 */
public record HubReference(RepositoryName repository, String revision, @Nullable String file) {
  /** The revision that holds where none is given. */
  public static final String MAIN = "main";

  private static final String SCHEME = "hf://";
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

  /** The first two names, a revision (which may be a ref with slashes) and a file. */
  private static final Pattern URL =
      Pattern.compile(
          "(?<name>[^/@]++(/[^/@]++)?+)(@(?<revision>refs/(pr|convert)/[^/]+|[^/]+))?(/(?<file>.+))?");

  private static final Pattern NAME = Pattern.compile("(?<name>[^@]+)(@(?<revision>.+))?");

  /** What git allows in the name of a ref, less what a URL or a path could stumble over. */
  private static final Pattern REVISION =
      Pattern.compile("(?!.*\\.\\.)(?!.*//)(?!.*/\\.)[A-Za-z0-9_][A-Za-z0-9_./+-]{0,199}(?<![./])");

  /** Refuses revisions and files that would leave the repository's folder. */
  public HubReference {
    if (!REVISION.matcher(revision).matches()) {
      throw new IllegalArgumentException(
          "expected a branch, tag or commit after %s@, got '%s'".formatted(repository, revision));
    }
    if (file != null) {
      FileNames.require(file);
    }
  }

  /**
   * Reads what a user wrote: all of it if it begins with {@code hf://}, else only what has the form
   * of a model's name. Whether a local file of that name goes first is the caller's to decide.
   *
   * @return nothing when {@code text} can only be a path
   * @throws IllegalArgumentException when it begins with {@code hf://} but goes on wrongly, or its
   *     revision cannot be one
   */
  public static Optional<HubReference> parse(String text) {
    if (!isUrl(text)) {
      Matcher plain = NAME.matcher(text);
      return plain.matches() && RepositoryName.isOne(plain.group("name"))
          ? Optional.of(of(plain, null))
          : Optional.empty();
    }
    Matcher url = URL.matcher(text.substring(SCHEME.length()));
    if (!url.matches() || isOther(url.group("name"))) {
      throw new IllegalArgumentException(
          "expected a model such as hf://org/name, hf://org/name@revision or hf://org/name/file.gguf, got '%s'"
              .formatted(text));
    }
    return Optional.of(of(url, url.group("file")));
  }

  private static boolean isOther(String name) {
    return name.startsWith("datasets/") || name.startsWith("spaces/");
  }

  private static HubReference of(Matcher match, @Nullable String file) {
    String revision = match.group("revision");
    return new HubReference(
        new RepositoryName(match.group("name")), revision == null ? MAIN : revision, file);
  }

  /** Whether {@code text} can be nothing but a model of the hub. */
  public static boolean isUrl(String text) {
    return text.startsWith(SCHEME);
  }

  /** Whether {@code text} is the full hash of a commit. */
  static boolean isCommit(String text) {
    return COMMIT.matcher(text).matches();
  }

  /** The same at another revision. */
  public HubReference at(String other) {
    return new HubReference(repository, other, file);
  }

  /** As {@link #parse} reads it, whatever lies in the current directory. */
  public String url() {
    return SCHEME + repository + "@" + revision + (file == null ? "" : "/" + file);
  }

  /** As a user would write it. */
  @Override
  public String toString() {
    return file != null ? url() : repository + (revision.equals(MAIN) ? "" : "@" + revision);
  }
}
