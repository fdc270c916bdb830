package dev.cotrace.format;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** Safetensors files, single or sharded. Source: the safetensors README, section "Format". */
public final class Safetensors implements TensorFile {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  private final Path path;
  private final Arena arena;
  private final Map<String, StoredTensor> tensors;
  private final Map<String, String> metadata;

  private Safetensors(
      Path path, Arena arena, Map<String, StoredTensor> tensors, Map<String, String> metadata) {
    this.path = path;
    this.arena = arena;
    this.tensors = Collections.unmodifiableMap(tensors);
    this.metadata = Collections.unmodifiableMap(metadata);
  }

  /**
   * Maps one file.
   *
   * @throws MalformedModelException when the file breaks any rule of the format
   */
  public static Safetensors open(Path file) throws IOException {
    return MappedFile.opening(arena -> of(MappedFile.map(file, arena), arena));
  }

  /** Reads a file whose bytes live as long as {@code arena}. */
  static Safetensors of(MappedFile file, Arena arena) {
    Map<String, String> metadata = new LinkedHashMap<>();
    Map<String, StoredTensor> tensors = tensors(file, metadata);
    return new Safetensors(file.path(), arena, tensors, metadata);
  }

  /**
   * Maps a model directory: the shards that {@code model.safetensors.index.json} names, else {@code
   * model.safetensors}.
   *
   * @throws IllegalArgumentException when the directory holds neither
   */
  public static Safetensors openSharded(Path directory) throws IOException {
    Path index = directory.resolve(INDEX);
    if (Files.exists(index)) {
      return MappedFile.opening(
          arena -> new Safetensors(directory, arena, mapShards(directory, index, arena), Map.of()));
    }
    if (Files.exists(directory.resolve(SINGLE))) {
      return open(directory.resolve(SINGLE));
    }
    throw new IllegalArgumentException(missing(directory));
  }

  /**
   * Writes tensors to {@code file} in one step: a reader sees the old file or the whole new one.
   * The metadata always carries {@code "format": "pt"}, which some loaders insist on.
   */
  public static void write(
      Path file, Map<String, String> metadata, Collection<StoredTensor> tensors)
      throws IOException {
    SafetensorsWriter.write(file, metadata, tensors);
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public Map<String, StoredTensor> tensors() {
    return tensors;
  }

  /** The {@code __metadata__} strings of a single file; empty for a sharded model. */
  public Map<String, String> metadata() {
    return metadata;
  }

  @Override
  public void close() {
    arena.close();
  }

  private static Map<String, StoredTensor> tensors(
      MappedFile mapped, Map<String, String> metadata) {
    SafetensorsHeader header = SafetensorsHeader.read(mapped);
    metadata.putAll(header.metadata());
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (SafetensorsHeader.Entry entry : header.entries()) {
      tensors.put(
          entry.name(),
          new StoredTensor(
              entry.name(),
              entry.type(),
              entry.dimensions(),
              mapped.bytes().asSlice(entry.begin(), entry.end() - entry.begin())));
    }
    return tensors;
  }

  private static Map<String, StoredTensor> mapShards(Path directory, Path index, Arena arena)
      throws IOException {
    JsonNode weightMap = Json.object(index, 0, RegularFile.bytes(index)).path("weight_map");
    if (!weightMap.isObject()) {
      throw new MalformedModelException(index, 0, "expected an object weight_map");
    }
    Map<String, Map<String, StoredTensor>> shards = new HashMap<>();
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> property : weightMap.properties()) {
      String shard = shardName(directory, index, property);
      if (!shards.containsKey(shard)) {
        MappedFile file = MappedFile.map(directory.resolve(shard), arena);
        shards.put(shard, tensors(file, new HashMap<>()));
      }
      StoredTensor tensor = shards.getOrDefault(shard, Map.of()).get(property.getKey());
      if (tensor == null) {
        throw new MalformedModelException(
            index,
            0,
            "expected tensor %s in shard %s, which does not hold it"
                .formatted(property.getKey(), shard));
      }
      tensors.put(property.getKey(), tensor);
    }
    return tensors;
  }

  private static String shardName(
      Path directory, Path index, Map.Entry<String, JsonNode> property) {
    String shard = property.getValue().isString() ? property.getValue().stringValue() : "";
    // A shard is a plain file name: an index must not reach outside its directory.
    boolean plain =
        !shard.isEmpty()
            && !shard.equals("..")
            && shard.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || c == 0);
    if (!plain) {
      throw new MalformedModelException(
          index,
          0,
          "expected tensor %s to name a shard file in the same directory, got %s"
              .formatted(property.getKey(), Json.excerpt(property.getValue())));
    }
    if (!Files.exists(directory.resolve(shard))) {
      throw new MalformedModelException(
          index, 0, "expected shard %s beside it, found no such file".formatted(shard));
    }
    return shard;
  }

  private static String missing(Path directory) throws IOException {
    Optional<Path> pickle;
    try (Stream<Path> files = Files.list(directory)) {
      pickle = files.filter(Safetensors::isPickle).sorted().findFirst();
    }
    return pickle
        .map(file -> pickled(file, directory))
        .orElse("expected %s or %s in %s, found neither".formatted(INDEX, SINGLE, directory));
  }

  /** Whether a file's name says that it holds pickled weights. */
  public static boolean isPickle(Path file) {
    String name = String.valueOf(file.getFileName());
    return Stream.of(".bin", ".pt", ".pth", ".ckpt").anyMatch(name::endsWith);
  }

  /** Why a pickle is refused, and the command that makes safetensors of it. */
  public static String pickled(Path file, Path directory) {
    String folder = "'" + directory.toString().replace("'", "'\\''") + "'";
    return """
    %s is a pickle, which can run code and is not read here; convert it once with: \
    python -c "import sys; from transformers import AutoModelForCausalLM as M; \
    M.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[1], safe_serialization=True)" %s\
    """
        .formatted(file, folder);
  }
}
