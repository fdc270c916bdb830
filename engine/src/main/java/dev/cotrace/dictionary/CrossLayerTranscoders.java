package dev.cotrace.dictionary;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.TensorFile;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * A set whose features write to every layer from the one that they read. Encoders are held in
 * memory; decoders, which are L/2 times as large, stay in their mapped files, of which only what is
 * asked for is read. Source: circuit-tracer, {@code cross_layer_transcoder.py}.
 */
public final class CrossLayerTranscoders implements TranscoderSet {
  private static final String ENCODER = "W_enc_%d.safetensors";

  /** Features whose directions are read at a time. */
  private static final long TOGETHER = 1 << 12;

  private final SetDescription description;
  private final List<Layer> layers;

  private CrossLayerTranscoders(SetDescription description, List<Layer> layers) {
    this.description = description;
    this.layers = layers;
  }

  /**
   * The features that read one layer.
   *
   * @param outputBias of the layer's output, {@code [D]}
   * @param decoder the opened file with {@code W_dec_i [F, L − i, D]}
   */
  private record Layer(
      EncoderWeights encoder,
      Tensor outputBias,
      StoredParameters decoder,
      List<Holder> memory,
      List<TensorFile> files)
      implements AutoCloseable {
    @Override
    public void close() {
      memory.forEach(Holder::close);
      files.forEach(TensorFile::close);
    }
  }

  static CrossLayerTranscoders read(SetConfig config, Placement placement) throws IOException {
    int count = config.layers(ENCODER);
    List<Layer> layers = new ArrayList<>();
    boolean done = false;
    try {
      for (int layer = 0; layer < count; layer++) {
        layers.add(layer(config, layer, placement));
      }
      long[] shape = layers.getFirst().encoder.shape(); // [D, F]
      for (int layer = 0; layer < count; layer++) {
        requireShapes(layers.get(layer), layer, count, shape);
      }
      done = true;
      return new CrossLayerTranscoders(
          new SetDescription(
              config.folder(),
              true,
              config.model(),
              config.input(),
              config.output(),
              count,
              shape[0],
              shape[1]),
          layers);
    } finally {
      if (!done) {
        layers.forEach(Layer::close);
      }
    }
  }

  private static Layer layer(SetConfig config, int layer, Placement placement) throws IOException {
    List<TensorFile> files = new ArrayList<>();
    List<Holder> memory = new ArrayList<>();
    boolean done = false;
    try (Scope _ = new Scope()) {
      TensorFile file = DictionaryFiles.open(config.folder().resolve(ENCODER.formatted(layer)));
      files.add(file);
      StoredParameters encoder = new StoredParameters(file, placement);
      TensorFile decoder =
          DictionaryFiles.open(config.folder().resolve("W_dec_%d.safetensors".formatted(layer)));
      files.add(decoder);
      long[] shape = encoder.shape("W_enc_" + layer, 2); // [F, D]
      Tensor matrix = encoder.read("W_enc_" + layer, shape).t();
      Tensor bias = encoder.read("b_enc_" + layer, shape[0]);
      Tensor outputBias = encoder.read("b_dec_" + layer, shape[1]);
      memory.addAll(List.of(new Holder(matrix), new Holder(bias), new Holder(outputBias)));
      Activation activation = activation(encoder, config, layer, shape[0], memory);
      encoder.requireAllRead();
      done = true;
      return new Layer(
          new EncoderWeights(placement, matrix, bias, null, null, activation),
          outputBias,
          new StoredParameters(decoder, placement),
          memory,
          files);
    } finally {
      if (!done) {
        memory.forEach(Holder::close);
        files.forEach(TensorFile::close);
      }
    }
  }

  private static Activation activation(
      StoredParameters encoder, SetConfig config, int layer, long features, List<Holder> memory) {
    String name = "threshold_" + layer;
    Form.Nonlinearity nonlinearity =
        config
            .nonlinearity()
            .orElse(encoder.has(name) ? Form.Nonlinearity.JUMP_RELU : Form.Nonlinearity.RELU);
    return switch (nonlinearity) {
      case RELU -> new Activation.Relu();
      case JUMP_RELU -> {
        Tensor threshold = encoder.read(name, features);
        memory.add(new Holder(threshold));
        yield new Activation.JumpRelu(threshold, /* rectified= */ false);
      }
      case TOP_K, GATED ->
          throw encoder.malformed(
              "expected a cross-layer transcoder with relu or jump_relu, got %s"
                  .formatted(nonlinearity));
    };
  }

  private static void requireShapes(Layer layer, int index, int count, long[] first) {
    long[] encoder = layer.encoder.shape();
    String name = "W_dec_" + index;
    long[] decoder = layer.decoder.shape(name, 3);
    long[] expected = {first[1], count - index, first[0]};
    if (!Arrays.equals(encoder, first) || !Arrays.equals(decoder, expected)) {
      throw new MalformedModelException(
          layer.decoder.file().path(),
          0,
          "expected %s of shape %s, for %d features and width %d in each of %d layers, got %s and an encoder of %s"
              .formatted(
                  name,
                  Arrays.toString(expected),
                  first[1],
                  first[0],
                  count,
                  Arrays.toString(decoder),
                  Arrays.toString(encoder)));
    }
    layer.decoder.requireAllRead();
  }

  @Override
  public SetDescription description() {
    return description;
  }

  @Override
  public Tensor encode(int layer, Tensor x, long from, long to) {
    description.requireLayer(layer);
    description.requireRange(from, to);
    requireShape("input", x, x.size(0), description.width());
    return layers.get(layer).encoder.features(x, from, to);
  }

  @Override
  public Tensor directions(int source, int target, long from, long to) {
    description.requireLayer(source);
    description.requireLayer(target);
    description.requireRange(from, to);
    if (target < source) {
      throw new IllegalArgumentException(
          "expected layer %d or a later one, because features write to no earlier one, got %d"
              .formatted(source, target));
    }
    int targets = description.layers() - source;
    return layers
        .get(source)
        .decoder
        .rows(
            "W_dec_" + source,
            from * targets + target - source,
            to - from,
            targets,
            description.width());
  }

  @Override
  public Tensor decode(int target, List<Tensor> activations, Tensor x) {
    description.requireLayer(target);
    if (activations.size() <= target) {
      throw new IllegalArgumentException(
          "expected activations of layers 0 to %d, got %d".formatted(target, activations.size()));
    }
    try (Scope scope = new Scope()) {
      Tensor output = layers.get(target).outputBias.expand(x.size(0), description.width());
      for (int source = 0; source <= target; source++) {
        Tensor features = activations.get(source);
        requireShape("activations", features, x.size(0), description.features());
        for (long from = 0; from < description.features(); from += TOGETHER) {
          long to = Math.min(description.features(), from + TOGETHER);
          try (Scope part = new Scope()) {
            Tensor rows = directions(source, target, from, to);
            output = part.keep(output.add(features.narrow(1, from, to - from).matmul(rows)));
          }
        }
      }
      return scope.keep(output);
    }
  }

  private void requireShape(String what, Tensor tensor, long rows, long width) {
    ShapeCheck.require(what, description.path(), tensor, rows, width);
  }

  @Override
  public void close() {
    layers.forEach(Layer::close);
  }
}
