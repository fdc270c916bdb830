package dev.cotrace;

import dev.cotrace.circuit.ErrorUnits;
import dev.cotrace.circuit.Level;
import dev.cotrace.dictionary.Supplement;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What gates sit on.
 *
 * @param level which units
 * @param dictionary folders or files of the dictionaries whose features they are, on this machine
 *     or, as {@code hf://org/name/folder}, in the hub's cache; none for other levels
 * @param hook where each of them reads, as {@link Supplement#of} takes it, or {@value #SAID}; empty
 *     where the files of all say it
 * @param hookOut where each of them writes, in the same way
 * @param inputScale the factor of the inputs of each, in the same way
 * @param errors what becomes of what the features leave over, in circuits
 */
public record UnitSettings(
    Level level,
    List<String> dictionary,
    List<String> hook,
    List<String> hookOut,
    List<String> inputScale,
    ErrorUnits errors) {
  /** What stands for a dictionary whose files say it, among several. */
  private static final String SAID = "-";

  /** Refuses dictionaries where nothing is of features, and features of none. */
  public UnitSettings {
    dictionary = dictionary.stream().map(String::strip).toList();
    hook = List.copyOf(hook);
    hookOut = List.copyOf(hookOut);
    inputScale = List.copyOf(inputScale);
    if (dictionary.stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException(
          "expected --dictionary to be the folder or file of a dictionary, got an empty name");
    }
    if (level == Level.FEATURE && dictionary.isEmpty()) {
      throw new IllegalArgumentException(
          "--level feature needs --dictionary: give the folder or file of a sparse autoencoder or transcoder, such as models/dictionaries/arithmetic-resid1");
    }
    if (level != Level.FEATURE && !dictionary.isEmpty()) {
      throw new IllegalArgumentException(
          "--dictionary is for --level feature, and gates sit on %s: leave one out, or give --level feature"
              .formatted(level.nouns()));
    }
    if (level != Level.FEATURE && errors != ErrorUnits.GATED) {
      throw new IllegalArgumentException(
          "--errors is of the dictionaries of --level feature, and gates sit on %s: leave it out"
              .formatted(level.nouns()));
    }
    requireOneEach("--hook", hook, dictionary.size());
    requireOneEach("--hook-out", hookOut, dictionary.size());
    requireOneEach("--input-scale", inputScale, dictionary.size());
    for (int i = 0; i < dictionary.size(); i++) {
      told(i, hook, hookOut, inputScale);
    }
  }

  private static void requireOneEach(String flag, List<String> told, int dictionaries) {
    if (!told.isEmpty() && dictionaries == 0) {
      throw new IllegalArgumentException(
          "%s is of a --dictionary, and there is none: leave it out".formatted(flag));
    }
    if (!told.isEmpty() && told.size() != dictionaries) {
      throw new IllegalArgumentException(
          "%s tells of each --dictionary what its files do not say: expected %d, joined by commas, - for one whose files do, got %d"
              .formatted(flag, dictionaries, told.size()));
    }
  }

  /** What the files of a dictionary leave open. */
  Supplement told(int index) {
    return told(index, hook, hookOut, inputScale);
  }

  private static Supplement told(
      int index, List<String> hook, List<String> hookOut, List<String> inputScale) {
    @Nullable String factor = at(index, inputScale);
    return Supplement.of(
        at(index, hook), at(index, hookOut), factor == null ? null : number(factor));
  }

  private static @Nullable String at(int index, List<String> told) {
    return told.isEmpty() || told.get(index).equals(SAID) ? null : told.get(index);
  }

  private static double number(String factor) {
    try {
      return Double.parseDouble(factor);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "expected --input-scale to be a number, got '%s'".formatted(factor), e);
    }
  }

  /** The same wherever it is read. */
  UnitSettings located() throws IOException {
    List<String> located = new ArrayList<>();
    for (String path : dictionary) {
      located.add(ModelSource.located(path));
    }
    return new UnitSettings(level, located, hook, hookOut, inputScale, errors);
  }
}
