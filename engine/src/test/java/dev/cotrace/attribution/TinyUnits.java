package dev.cotrace.attribution;

import dev.cotrace.circuit.ErrorUnits;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.dictionary.Dictionary;
import dev.cotrace.dictionary.TinyDictionary;
import dev.cotrace.gate.FeatureSites;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.model.TinyModel;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A tiny model with gates on some units, and the dictionaries that these need. */
record TinyUnits(GatedModel model, List<Dictionary> dictionaries) implements AutoCloseable {
  private static final int WIDTH = 8;
  private static final int FEATURES = 6;

  /**
   * Gates on {@code what}.
   *
   * @param folder for dictionaries
   * @param what a level, or dictionaries as {@code ARCHITECTURE HOOK [HOOK_OUT]}, several joined by
   *     {@code +}
   */
  static TinyUnits of(TinyModel model, String what, Path folder) throws IOException {
    return of(model, what, folder, ErrorUnits.GATED);
  }

  /** As {@link #of(TinyModel, String, Path)} with another fate of errors. */
  static TinyUnits of(TinyModel model, String what, Path folder, ErrorUnits errors)
      throws IOException {
    GatedModel gated = GatedModel.of(model.decoder());
    for (Level level : Level.values()) {
      if (level.label().equals(what)) {
        return new TinyUnits(gated.at(level), List.of());
      }
    }
    List<Dictionary> dictionaries = new ArrayList<>();
    for (String one : what.split(" \\+ ", -1)) {
      String[] words = one.split(" ", -1);
      String out = words.length == 3 ? words[2] : words[1];
      Path own = folder.resolve(one.replace(' ', '-'));
      dictionaries.add(
          Dictionary.read(
              TinyDictionary.write(own, words[0], words[1], out, WIDTH, FEATURES),
              Placement.cpu(Precision.FLOAT64)));
    }
    FeatureSites sites = FeatureSites.of(model.decoder(), dictionaries);
    return new TinyUnits(gated.with(sites, errors), dictionaries);
  }

  Pieces pieces() {
    return (Pieces) model.units();
  }

  @Override
  public void close() {
    dictionaries.forEach(Dictionary::close);
  }
}
