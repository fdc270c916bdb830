package dev.cotrace.attribution;

import java.util.List;
import java.util.stream.IntStream;

/** Consecutive parts of lists. */
final class Lists {
  private Lists() {}

  /** {@code items} in parts of {@code size}, the last one possibly shorter; views. */
  static <T> List<List<T>> split(List<T> items, int size) {
    return IntStream.iterate(0, i -> i < items.size(), i -> i + size)
        .mapToObj(i -> items.subList(i, Math.min(items.size(), i + size)))
        .toList();
  }
}
