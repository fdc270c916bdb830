package dev.cotrace.dictionary;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/** A set whose features write to the layer that they read. */
public final class LayerTranscoders implements TranscoderSet {
  private static final String FILE = "layer_%d.safetensors";
  private static final String HUB = "hf://";

  private final SetDescription description;
  private final List<Dictionary> layers;

  private LayerTranscoders(SetDescription description, List<Dictionary> layers) {
    this.description = description;
    this.layers = layers;
  }

  static LayerTranscoders read(SetConfig config, References references, Placement placement)
      throws IOException {
    List<Dictionary> layers = new ArrayList<>();
    boolean done = false;
    try {
      List<Path> files = files(config, references);
      for (int layer = 0; layer < files.size(); layer++) {
        layers.add(
            DictionaryFiles.layer(
                files.get(layer),
                Supplement.between(
                    new Site(config.input(), layer), new Site(config.output(), layer)),
                Training.of(config.model(), Optional.empty()),
                config.nonlinearity(),
                config.k(),
                placement));
        requireEqual(layers.getFirst().description(), layers.getLast().description());
      }
      DictionaryDescription first = layers.getFirst().description();
      done = true;
      return new LayerTranscoders(
          new SetDescription(
              config.folder(),
              false,
              config.model(),
              config.input(),
              config.output(),
              layers.size(),
              first.dIn(),
              first.features()),
          layers);
    } finally {
      if (!done) {
        layers.forEach(Dictionary::close);
      }
    }
  }

  private static List<Path> files(SetConfig config, References references) throws IOException {
    List<Path> files = new ArrayList<>();
    for (String name : config.files()) {
      files.add(name.startsWith(HUB) ? references.find(name) : config.inFolder(name));
    }
    if (files.isEmpty()) {
      int layers = config.layers(FILE);
      for (int layer = 0; layer < layers; layer++) {
        files.add(config.folder().resolve(FILE.formatted(layer)));
      }
    }
    return files;
  }

  private static void requireEqual(DictionaryDescription first, DictionaryDescription other) {
    if (other.dIn() != first.dIn()
        || other.dOut() != first.dIn()
        || other.features() != first.features()) {
      throw new MalformedModelException(
          other.path(),
          0,
          "expected width %d and %d features as in layer 0, got widths %d and %d and %d features"
              .formatted(
                  first.dIn(), first.features(), other.dIn(), other.dOut(), other.features()));
    }
  }

  /** The transcoder of a layer; it is closed with the set. */
  public Dictionary layer(int layer) {
    description.requireLayer(layer);
    return layers.get(layer);
  }

  @Override
  public SetDescription description() {
    return description;
  }

  @Override
  public Tensor encode(int layer, Tensor x, long from, long to) {
    return layer(layer).encode(x, from, to);
  }

  @Override
  public Tensor directions(int source, int target, long from, long to) {
    if (source != target) {
      throw new IllegalArgumentException(
          "expected the layer that features read, %d, because they write to no other, got %d"
              .formatted(source, target));
    }
    return layer(source).directions(from, to);
  }

  @Override
  public Tensor decode(int target, List<Tensor> activations, Tensor x) {
    Dictionary layer = layer(target);
    if (activations.size() <= target) {
      throw new IllegalArgumentException(
          "expected activations of layers 0 to %d, got %d".formatted(target, activations.size()));
    }
    try (Scope scope = new Scope()) {
      return scope.keep(layer.decode(activations.get(target), x));
    }
  }

  @Override
  public void close() {
    layers.forEach(Dictionary::close);
  }
}
