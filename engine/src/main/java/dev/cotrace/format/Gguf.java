package dev.cotrace.format;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A GGUF file, version 2 or 3, little endian, in one file or in several parts. Shapes come in torch
 * order: what GGUF calls {@code [in, out]} is {@code [out, in]} here, over the same bytes. Source:
 * ggml's docs/gguf.md.
 */
public final class Gguf implements TensorFile {
  private static final long DEFAULT_ALIGNMENT = 32;

  private final Path path;
  private final Arena arena;
  private final Map<String, StoredTensor> tensors;
  private final GgufMetadata metadata;

  private Gguf(Path path, Arena arena, Map<String, StoredTensor> tensors, GgufMetadata metadata) {
    this.path = path;
    this.arena = arena;
    this.tensors = Collections.unmodifiableMap(tensors);
    this.metadata = metadata;
  }

  /**
   * Maps a file.
   *
   * @param file the file, or the first part of a split model; the others lie beside it
   * @throws MalformedModelException when a file breaks a rule of the format, is of version 1, or
   *     holds a tensor type outside {@link StoredType}, or when a part is missing
   */
  public static Gguf open(Path file) throws IOException {
    return MappedFile.opening(arena -> {
      Gguf first = of(MappedFile.map(file, arena), arena);
      List<Path> following = GgufSplit.following(first.metadata);
      Map<String, StoredTensor> tensors = new LinkedHashMap<>(first.tensors);
      for (int i = 0; i < following.size(); i++) {
        Gguf part = of(MappedFile.map(following.get(i), arena), arena);
        GgufSplit.check(part.metadata, i + 1, following.size() + 1);
        part.tensors.forEach((name, tensor) -> {
          if (tensors.put(name, tensor) != null) {
            throw new MalformedModelException(
                part.path,
                0,
                "expected distinct tensors in all parts, got %s twice".formatted(name));
          }
        });
      }
      long promised = first.metadata.integer("split.tensors.count", tensors.size());
      if (promised != tensors.size()) {
        throw new MalformedModelException(
            file,
            0,
            "expected %d tensors in all parts (key split.tensors.count), got %d"
                .formatted(promised, tensors.size()));
      }
      return new Gguf(file, arena, tensors, first.metadata);
    });
  }

  /** The file itself, or all parts of the model that it is one of by its name. */
  public static List<Path> parts(Path file) {
    return GgufSplit.partsOf(file);
  }

  /** Reads a file whose bytes live as long as {@code arena}. */
  static Gguf of(MappedFile file, Arena arena) {
    GgufReader.Header header = new GgufReader(file).read();
    GgufMetadata metadata = new GgufMetadata(file.path(), header.metadata());
    return new Gguf(file.path(), arena, slices(file, header, metadata), metadata);
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public Map<String, StoredTensor> tensors() {
    return tensors;
  }

  /** The key-value part. */
  public GgufMetadata metadata() {
    return metadata;
  }

  @Override
  public void close() {
    arena.close();
  }

  private static Map<String, StoredTensor> slices(
      MappedFile file, GgufReader.Header header, GgufMetadata metadata) {
    long alignment = metadata.integer("general.alignment", DEFAULT_ALIGNMENT);
    if (alignment <= 0 || alignment % 8 != 0 || alignment > 1 << 30) {
      throw new MalformedModelException(
          file.path(),
          0,
          "expected general.alignment to be a multiple of 8 up to 2^30, got " + alignment);
    }
    long dataStart = Math.ceilDiv(header.end(), alignment) * alignment;
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    List<Extent> extents = new ArrayList<>();
    for (GgufReader.Description description : header.tensors()) {
      Extent extent = extent(file, description, dataStart, alignment);
      extents.add(extent);
      StoredTensor tensor =
          new StoredTensor(
              description.name(),
              description.type(),
              dimensions(description),
              file.bytes().asSlice(extent.begin(), extent.end() - extent.begin()));
      if (tensors.put(description.name(), tensor) != null) {
        throw malformed(file, description, "expected distinct tensor names, got it twice");
      }
    }
    checkDisjoint(file, extents);
    return tensors;
  }

  private record Extent(String name, long begin, long end) {}

  private static Extent extent(
      MappedFile file, GgufReader.Description description, long dataStart, long alignment) {
    StoredType type = description.type();
    long[] shape = dimensions(description);
    long available = Math.max(0, file.size() - dataStart);
    long size;
    try {
      size = type.bytes(Shapes.elements(description.name(), shape));
    } catch (ArithmeticException | IllegalArgumentException e) {
      throw malformed(file, description, "expected a shape that its type can hold");
    }
    if (type.quantised()
        && (shape.length == 0 || shape[shape.length - 1] % type.blockElements() != 0)) {
      throw malformed(
          file,
          description,
          "expected rows of whole %d-element blocks".formatted(type.blockElements()));
    }
    long offset = description.offset();
    if (offset < 0 || offset % alignment != 0) {
      throw malformed(
          file,
          description,
          "expected an offset that is a multiple of %d, got %s"
              .formatted(alignment, Long.toUnsignedString(offset)));
    }
    if (offset > available || size > available - offset) {
      throw malformed(
          file,
          description,
          "expected %d bytes from offset %d on within %d bytes of data; fetch the file again"
              .formatted(size, offset, available));
    }
    // An empty tensor may lie at the very end, where the padding that aligns it may be missing.
    long begin = Math.min(dataStart, file.size()) + offset;
    return new Extent(description.name(), begin, begin + size);
  }

  private static void checkDisjoint(MappedFile file, List<Extent> extents) {
    extents.sort(Comparator.comparingLong(Extent::begin).thenComparingLong(Extent::end));
    for (int i = 1; i < extents.size(); i++) {
      Extent before = extents.get(i - 1);
      Extent extent = extents.get(i);
      if (extent.begin() < before.end()) {
        throw new MalformedModelException(
            file.path(),
            extent.begin(),
            "expected tensors apart, but %s overlaps %s".formatted(extent.name(), before.name()));
      }
    }
  }

  private static long[] dimensions(GgufReader.Description description) {
    return description.shape().stream().mapToLong(Long::longValue).toArray();
  }

  private static MalformedModelException malformed(
      MappedFile file, GgufReader.Description description, String reason) {
    return new MalformedModelException(
        file.path(),
        description.describedAt(),
        "tensor %s %s %s: %s"
            .formatted(description.name(), description.type(), description.shape(), reason));
  }
}
