package dev.cotrace.dictionary;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Finds the files that the configuration of a set names by references to the hub, {@code
 * hf://ORG/NAME/PATH?revision=…}. This room knows no hub: who calls it does.
 */
@FunctionalInterface
public interface References {
  /**
   * The file on this machine.
   *
   * @param reference as the configuration has it; begins with {@code hf://}
   * @throws IllegalArgumentException when there is none, and what to do about it
   */
  Path find(String reference) throws IOException;

  /** Finds nothing: for sets whose files lie in their folder. */
  static References none() {
    return reference -> {
      throw new IllegalArgumentException(
          "expected the files of the set in its folder, got %s: fetch it and say where it is"
              .formatted(Site.excerpt(reference)));
    };
  }
}
