package dev.cotrace.hub;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** Names of files in a repository, with slashes between directories. */
final class FileNames {
  private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cntrl}\\p{Cf}\\p{Cs}\\\\]");
  private static final Pattern DRIVE = Pattern.compile("[A-Za-z]:.*");
  private static final int LONGEST = 1024;
  private static final int LONGEST_PART = 255;

  private FileNames() {}

  /**
   * Refuses names that could lead out of the directory they are resolved against, or that no file
   * system or terminal should be shown.
   *
   * @throws IllegalArgumentException when {@code name} is one
   */
  static void require(String name) {
    boolean fine =
        name.length() <= LONGEST
            && !UNPRINTABLE.matcher(name).find()
            && !DRIVE.matcher(name).matches();
    for (String part : name.split("/", -1)) {
      fine &= !part.isEmpty() && !part.equals(".") && !part.equals("..");
      fine &= part.getBytes(StandardCharsets.UTF_8).length <= LONGEST_PART;
    }
    if (!fine) {
      throw new IllegalArgumentException(
          "expected the name of a file inside a repository, got '%s'".formatted(shown(name)));
    }
  }

  /** {@code name} with nothing in it that a terminal would obey, and not too long. */
  private static String shown(String name) {
    String plain = name.replaceAll("[\\p{Cntrl}\\p{Cf}\\p{Cs}]", "?");
    return plain.length() > 100 ? plain.substring(0, 100) + "…" : plain;
  }
}
