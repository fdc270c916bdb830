package dev.cotrace;

import dev.cotrace.circuit.ErrorUnits;
import dev.cotrace.circuit.Level;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What gates sit on.
 *
 * @param level which units
 * @param dictionary folders or files of the dictionaries whose features they are, on this machine
 *     or, as {@code hf://org/name/folder}, in the hub's cache; none for other levels
 * @param errors what becomes of what the features leave over, in circuits
 */
public record UnitSettings(Level level, List<String> dictionary, ErrorUnits errors) {
  /** Refuses dictionaries where nothing is of features, and features of none. */
  public UnitSettings {
    dictionary = List.copyOf(dictionary);
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
  }

  /** The same wherever it is read. */
  UnitSettings located() throws IOException {
    List<String> located = new ArrayList<>();
    for (String path : dictionary) {
      located.add(ModelSource.located(path));
    }
    return new UnitSettings(level, located, errors);
  }
}
