package dev.cotrace;

import dev.cotrace.circuit.Level;
import dev.cotrace.dictionary.Dictionary;
import dev.cotrace.dictionary.LayerTranscoders;
import dev.cotrace.dictionary.Supplement;
import dev.cotrace.dictionary.TranscoderSet;
import dev.cotrace.format.Sha256;
import dev.cotrace.gate.FeatureSites;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.model.Decoder;
import dev.cotrace.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The dictionaries of a specification, in memory. */
final class LoadedDictionaries implements AutoCloseable {
  private static final String SET = "config.yaml";

  /** A repository, what is in it, and a revision. */
  private static final Pattern REVISION =
      Pattern.compile("(hf://[^/]+/[^/?]+)([^?]*)\\?revision=([^&]+)");

  private final List<Dictionary> dictionaries = new ArrayList<>();
  private final List<Runnable> closers = new ArrayList<>();

  private LoadedDictionaries() {}

  /** Reads those of {@code settings} for {@code model}. */
  static LoadedDictionaries read(UnitSettings settings, Model model, DiscoveryListener listener)
      throws IOException {
    LoadedDictionaries loaded = new LoadedDictionaries();
    try {
      for (int i = 0; i < settings.dictionary().size(); i++) {
        String path = settings.dictionary().get(i);
        listener.say("reading %s".formatted(path));
        loaded.add(ModelSource.find(path).path(), settings.told(i), model.decoder());
      }
      return loaded;
    } catch (RuntimeException | IOException e) {
      loaded.close();
      throw e;
    }
  }

  private void add(Path path, Supplement told, Decoder decoder) throws IOException {
    if (!Files.isRegularFile(path.resolve(SET))) {
      Dictionary dictionary = Dictionary.read(path, told, decoder.placement());
      closers.add(dictionary::close);
      dictionaries.add(dictionary);
      return;
    }
    if (!told.equals(Supplement.none())) {
      throw new IllegalArgumentException(
          "%s is a set of transcoders, whose config.yaml says where they belong: give - for its --hook, --hook-out and --input-scale, or leave these out"
              .formatted(path));
    }
    TranscoderSet set = TranscoderSet.read(path, LoadedDictionaries::ofHub, decoder.placement());
    closers.add(set::close);
    if (!(set instanceof LayerTranscoders layers)) {
      throw new IllegalArgumentException(
          "the transcoders in %s write to several layers each: their features are no pieces of one MLP's output; give a set with a transcoder for each layer"
              .formatted(path));
    }
    for (int layer = 0; layer < layers.description().layers(); layer++) {
      dictionaries.add(layers.layer(layer));
    }
  }

  /** The file that {@code hf://ORG/NAME/PATH?revision=REVISION} means in the user's cache. */
  private static Path ofHub(String reference) throws IOException {
    Matcher matcher = REVISION.matcher(reference);
    String text =
        matcher.matches()
            ? "%s@%s%s".formatted(matcher.group(1), matcher.group(3), matcher.group(2))
            : reference;
    return ModelSource.find(text).path();
  }

  /** {@code decoder} with gates where {@code settings} say. */
  GatedModel gated(UnitSettings settings, Decoder decoder) {
    GatedModel model = GatedModel.of(decoder);
    return settings.level() == Level.FEATURE
        ? model.with(FeatureSites.of(decoder, dictionaries), settings.errors())
        : model.at(settings.level());
  }

  /**
   * The SHA-256 of every file of the dictionaries of {@code settings}, by the place of the
   * dictionary among them and the name of the file, such as {@code 1/cfg.json}.
   */
  static SortedMap<String, String> sha256(UnitSettings settings) throws IOException {
    SortedMap<String, String> digests = new TreeMap<>();
    int place = 0;
    for (String text : settings.dictionary()) {
      Path path = ModelSource.find(text).path();
      String prefix = ++place + "/";
      if (Files.isDirectory(path)) {
        try (Stream<Path> files = Files.list(path)) {
          for (Path file : files.filter(LoadedDictionaries::isRead).toList()) {
            digests.put(prefix + file.getFileName(), Sha256.of(file));
          }
        }
      } else {
        digests.put(prefix + path.getFileName(), Sha256.of(path));
      }
    }
    return digests;
  }

  private static boolean isRead(Path file) {
    return Files.isRegularFile(file)
        && file.toString().matches("(?s).*\\.(json|yaml|safetensors|npz)");
  }

  @Override
  public void close() {
    closers.forEach(Runnable::run);
  }
}
