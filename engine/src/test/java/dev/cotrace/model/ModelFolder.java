package dev.cotrace.model;

import dev.cotrace.format.Safetensors;
import dev.cotrace.format.StoredTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A copy of a golden model that a test may change. */
record ModelFolder(Path path) {
  private static final JsonMapper JSON = new JsonMapper();

  /** Copies the golden model {@code name} into the empty directory {@code target}. */
  static ModelFolder copyOf(String name, Path target) throws IOException {
    try (Stream<Path> files = Files.list(GoldenModel.read(name).folder())) {
      for (Path file : files.toList()) {
        if (!file.getFileName().toString().startsWith("goldens")) {
          Files.copy(file, target.resolve(file.getFileName()));
        }
      }
    }
    return new ModelFolder(target);
  }

  /** Changes {@code config.json}. */
  void config(Consumer<ObjectNode> change) throws IOException {
    Path file = path.resolve("config.json");
    ObjectNode config = (ObjectNode) JSON.readTree(file);
    change.accept(config);
    Files.writeString(file, JSON.writeValueAsString(config));
  }

  /** All weights, copied out of the files. */
  List<StoredTensor> weights() throws IOException {
    List<StoredTensor> copies = new ArrayList<>();
    try (Safetensors file = Safetensors.openSharded(path)) {
      for (StoredTensor tensor : file.tensors().values()) {
        MemorySegment bytes = Arena.ofAuto().allocate(tensor.bytes().byteSize(), 8);
        bytes.copyFrom(tensor.bytes());
        copies.add(new StoredTensor(tensor.name(), tensor.type(), tensor.shape(), bytes));
      }
    }
    return copies;
  }

  /** Replaces each weight by what {@code change} makes of it; null removes it. */
  void weights(Function<StoredTensor, @Nullable StoredTensor> change) throws IOException {
    List<StoredTensor> changed = new ArrayList<>();
    for (StoredTensor tensor : weights()) {
      StoredTensor replacement = change.apply(tensor);
      if (replacement != null) {
        changed.add(replacement);
      }
    }
    Safetensors.write(path.resolve("model.safetensors"), Map.of(), changed);
  }

  /** As {@code tensor}, with another name. */
  static StoredTensor renamed(StoredTensor tensor, String name) {
    return new StoredTensor(name, tensor.type(), tensor.shape(), tensor.bytes());
  }
}
