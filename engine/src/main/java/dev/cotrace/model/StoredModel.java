package dev.cotrace.model;

import dev.cotrace.format.StoredTensor;
import dev.cotrace.format.StoredType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A model as it lies in its files, looked at without loading it.
 *
 * @param format {@code safetensors} or {@code GGUF}
 * @param files every file that makes the model what it is
 * @param fileBytes their size together
 * @param bytesByType of the stored tensors
 * @param architecture the model's shape
 */
public record StoredModel(
    String format,
    List<Path> files,
    long fileBytes,
    Map<StoredType, Long> bytesByType,
    Architecture architecture) {

  /** Looks at the model at {@code path}; fails as {@link Model#load} does. */
  public static StoredModel at(Path path) throws IOException {
    ModelFiles files = ModelFiles.at(path);
    try (ModelReader reader = ModelReader.of(files, Set.of())) {
      Map<StoredType, Long> bytes = new EnumMap<>(StoredType.class);
      for (StoredTensor tensor : reader.tensors()) {
        bytes.merge(tensor.type(), tensor.bytes().byteSize(), Long::sum);
      }
      long size = 0;
      for (Path file : files.all()) {
        size += Files.size(file);
      }
      String format = files instanceof ModelFiles.HuggingFace ? "safetensors" : "GGUF";
      return new StoredModel(format, files.all(), size, bytes, reader.architecture());
    }
  }

  /** Whether any tensor is quantised. */
  public boolean quantised() {
    return bytesByType.keySet().stream().anyMatch(StoredType::quantised);
  }
}
