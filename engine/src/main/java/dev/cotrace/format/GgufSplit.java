package dev.cotrace.format;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A model in several GGUF files {@code NAME-00001-of-00003.gguf}, as llama-gguf-split writes them.
 * The first part has the metadata; each has some of the tensors.
 */
final class GgufSplit {
  private static final Pattern PART = Pattern.compile("(.+)-([0-9]{5})-of-([0-9]{5})\\.gguf");

  private GgufSplit() {}

  /** The parts that belong together with {@code file}, as its name says; one if it says nothing. */
  static List<Path> partsOf(Path file) {
    Matcher name = PART.matcher(String.valueOf(file.getFileName()));
    if (!name.matches() || name.group(3).equals("00000")) {
      return List.of(file);
    }
    return IntStream.rangeClosed(1, Integer.parseInt(name.group(3)))
        .mapToObj(no -> "%s-%05d-of-%s.gguf".formatted(name.group(1), no, name.group(3)))
        .map(file::resolveSibling)
        .toList();
  }

  /**
   * Checks what a part says of itself.
   *
   * @param index of the part that is expected, from 0
   */
  static void check(GgufMetadata part, int index, int count) {
    long no = part.integer("split.no", 0);
    long of = part.integer("split.count", 1);
    if (no != index || of != count) {
      throw new MalformedModelException(
          part.file(),
          0,
          "expected part %d of %d (keys split.no and split.count), got part %d of %d"
              .formatted(index + 1, count, no + 1, of));
    }
  }

  /**
   * The parts of the model that {@code first} begins.
   *
   * @throws MalformedModelException when it is not the first of its set, or one is missing
   */
  static List<Path> following(GgufMetadata first) {
    long count = first.integer("split.count", 1);
    if (count <= 1) {
      return List.of();
    }
    List<Path> parts = partsOf(first.file());
    if (parts.size() != count) {
      throw new MalformedModelException(
          first.file(),
          0,
          "expected the first of %d parts to be named NAME-00001-of-%05d.gguf, as they were written"
              .formatted(count, count));
    }
    if (!parts.getFirst().equals(first.file())) {
      throw new MalformedModelException(
          first.file(), 0, "expected the first part; name " + parts.getFirst());
    }
    for (Path part : parts) {
      if (!Files.exists(part)) {
        throw new MalformedModelException(
            first.file(), 0, "expected part %s beside it, found no such file".formatted(part));
      }
    }
    check(first, 0, parts.size());
    return parts.subList(1, parts.size());
  }
}
