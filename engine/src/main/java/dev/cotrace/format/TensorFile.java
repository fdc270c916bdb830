package dev.cotrace.format;

import java.nio.file.Path;
import java.util.Map;

/** An opened model file (or set of shards); closing it unmaps every tensor's bytes. */
public sealed interface TensorFile extends AutoCloseable permits Safetensors, Gguf, Npz {
  /** The file, or the directory of a sharded model. */
  Path path();

  /** Tensors by name, in file order; unmodifiable. */
  Map<String, StoredTensor> tensors();

  /**
   * The tensor of that name.
   *
   * @throws MalformedModelException when the file has none
   */
  default StoredTensor tensor(String name) {
    StoredTensor tensor = tensors().get(name);
    if (tensor == null) {
      throw new MalformedModelException(
          path(),
          0,
          "expected a tensor named %s among its %d tensors, found none"
              .formatted(name, tensors().size()));
    }
    return tensor;
  }

  @Override
  void close();
}
