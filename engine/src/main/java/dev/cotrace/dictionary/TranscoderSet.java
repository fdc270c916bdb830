package dev.cotrace.dictionary;

import dev.cotrace.torch.Placement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * A transcoder for each layer of a model, as circuit-tracer stores them: a folder with {@code
 * config.yaml}. Owns the memory of its parameters. Source: circuit-tracer, {@code hf_utils.py}.
 */
public sealed interface TranscoderSet extends AutoCloseable
    permits LayerTranscoders, CrossLayerTranscoders {
  /**
   * Reads a set whose files lie in its folder.
   *
   * @throws dev.cotrace.format.MalformedModelException when the files are damaged, or ask for what
   *     is not known
   */
  static TranscoderSet read(Path folder, Placement placement) throws IOException {
    return read(folder, References.none(), placement);
  }

  /** As {@link #read(Path, Placement)}, for sets that name files of the hub. */
  static TranscoderSet read(Path folder, References references, Placement placement)
      throws IOException {
    SetConfig config = SetConfig.read(folder);
    return config.crossLayer()
        ? CrossLayerTranscoders.read(config, placement)
        : LayerTranscoders.read(config, references, placement);
  }

  /** What the set is. */
  SetDescription description();

  /**
   * Features {@code from} to {@code to}, exclusive, of a layer, in the caller's scope.
   *
   * @param x what the layer's features read, {@code [N, D]}
   * @return {@code [N, to − from]}
   */
  Tensor encode(int layer, Tensor x, long from, long to);

  /** All features of a layer, {@code [N, F]}, in the caller's scope. */
  default Tensor encode(int layer, Tensor x) {
    return encode(layer, x, 0, description().features());
  }

  /**
   * What features {@code from} to {@code to}, exclusive, of layer {@code source} add, at 1, to the
   * output of layer {@code target}, {@code [to − from, D]}, in the caller's scope.
   *
   * @param target {@code source}, or a later layer where the set is cross-layer
   */
  Tensor directions(int source, int target, long from, long to);

  /**
   * The output of layer {@code target}, in the caller's scope.
   *
   * @param activations of layers 0 to {@code target}, each {@code [N, F]}; those of earlier layers
   *     are not looked at where the set is not cross-layer
   * @param x what the layer's own features read, {@code [N, D]}
   * @return {@code [N, D]}
   */
  Tensor decode(int target, List<Tensor> activations, Tensor x);

  @Override
  void close();
}
